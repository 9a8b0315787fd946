#!/bin/sh
# PID 1 of one machine, in its own mount, pid, uts and ipc namespaces: mounts, moves into its own root, then only reaps.
#   init.sh HOME KIND TOOLS USR-FLAGS TOOLS-FLAGS HOSTNAME CAPABILITIES overlay|bind
# HOME holds disk/ upper/ work/ local/ and, for a function, task/ and layers/. The flags are those of the computer's
# own mounts: in a user namespace they are locked, and a remount that leaves one out is refused.
set -eu
home=$1 kind=$2 tools=$3 usr_flags=$4 tools_flags=$5 hostname=$6 capabilities=$7 usr=$8
root=$home/disk

read_only() { # SOURCE TARGET FLAGS
    mount --rbind "$1" "$2"
    mount -o "remount,bind,ro$3" "$2"
}

mount --bind "$root" "$root"
if [ "$usr" = overlay ] && mount -t overlay -o \
    "lowerdir=/usr,upperdir=$home/upper,workdir=$home/work,userxattr" overlay "$root/usr" 2>"$home/overlay.log"; then
    echo overlay >"$home/usr"
else
    read_only /usr "$root/usr" "$usr_flags"
    echo bind >"$home/usr"
fi
read_only /usr "$root/var/lib/sandbox/usr" "$usr_flags"
read_only "$tools" "$root/var/lib/sandbox/tools" "$tools_flags"
mount --bind "$home/local" "$root/usr/local"
for folder in bin sbin lib lib64; do # a computer that keeps these beside /usr
    if [ -d "/$folder" ] && [ ! -L "/$folder" ]; then
        mkdir -p "$root/$folder"
        read_only "/$folder" "$root/$folder" "$usr_flags"
    fi
done

mount -t tmpfs -o mode=755,size=1m devices "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || true # nothing that a machine runs needs it
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
if [ "$kind" = function ]; then
    read_only "$home/task" "$root/var/task" ""
    read_only "$home/layers" "$root/opt" ""
    read_only "$tools/lambda" "$root/var/runtime" "$tools_flags"
    mount -o remount,bind,ro "$root"
fi
hostname "$hostname"
cd "$root"
pivot_root . .old
umount -l /.old
cd /
# An ignored SIGCHLD stays ignored across exec, and the kernel then reaps every orphan by itself.
exec env --ignore-signal=CHLD setpriv --bounding-set="$capabilities" --inh-caps=-all sleep infinity
