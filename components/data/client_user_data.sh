#!/bin/bash
# cloud-init user data: installs the cache client. Safe to run again. It holds no secret.
set -euo pipefail
umask 022
BUCKET=@BUCKET@
KEY=@KEY@
SHA256=@SHA256@
REGION=@REGION@
PYTHON=@PYTHON@
PACKAGES=@PACKAGES@
ENVIRONMENT=@ENVIRONMENT@
SERVICE=@SERVICE@
UNIT=@UNIT@
# The defaults try for minutes where there is no route: fail early and say so instead.
export AWS_MAX_ATTEMPTS=1 AWS_METADATA_SERVICE_TIMEOUT=2 AWS_METADATA_SERVICE_NUM_ATTEMPTS=3
BASE=/opt/cache-client
RELEASE=$BASE/releases/${SHA256:0:16}

state() { # one JSON line, replaced in one move
  mkdir -p "$BASE"
  printf '{"state":"%s","step":"%s","sha256":"%s","time":"%s"}\n' "$1" "$2" "$SHA256" "$(date -u +%FT%TZ)" >"$BASE/state.json.new"
  mv -f "$BASE/state.json.new" "$BASE/state.json"
}

step() {
  STEP=$1
  state running "$STEP"
  echo "cache-client: $STEP"
}

ended() {
  [ "$1" -eq 0 ] || { state failed "$STEP"; echo "cache-client: failed at $STEP"; }
}

retry() { # routes and endpoints may come up after the instance
  local try
  for try in 1 2 3 4 5; do
    "$@" && return 0
    echo "cache-client: try $try of 5 failed: $*" >&2
    [ "$try" -eq 5 ] || sleep 5
  done
  return 1
}

trap 'ended $?' EXIT

step packages
# shellcheck disable=SC2086 # a list of words
retry dnf -q -y --setopt=install_weak_deps=False install $PYTHON $PACKAGES

step fetch
if [ "$(cat "$RELEASE/.complete" 2>/dev/null)" != "$SHA256" ]; then
  staging=$(mktemp -d "$BASE/staging.XXXXXX")
  retry aws s3 cp --only-show-errors --cli-connect-timeout 3 --cli-read-timeout 20 --region "$REGION" \
    "s3://$BUCKET/$KEY" "$staging/bundle.zip"
  step verify
  echo "$SHA256  $staging/bundle.zip" | sha256sum --check --quiet -
  step unpack
  "$PYTHON" -m zipfile -e "$staging/bundle.zip" "$staging/release"
  "$PYTHON" -m compileall -q -j 0 "$staging/release" || true # a library may carry files for another Python
  echo "$SHA256" >"$staging/release/.complete"
  mkdir -p "$BASE/releases"
  rm -rf "$RELEASE"
  mv -T "$staging/release" "$RELEASE"
  rm -rf "$staging"
fi

step install
mkdir -p /etc/cache-client /usr/local/bin
base64 -d <<<"$ENVIRONMENT" >/etc/cache-client/env.new
mv -f /etc/cache-client/env.new /etc/cache-client/env
wrapper() { # NAME [WORDS FOR PYTHON]
  cat >"/usr/local/bin/$1.new" <<WRAPPER
#!/bin/bash
set -a; . /etc/cache-client/env; set +a
PYTHONSAFEPATH=1 PYTHONPATH=$BASE/current exec $PYTHON ${*:2} "\$@"
WRAPPER
  chmod 755 "/usr/local/bin/$1.new"
  mv -f "/usr/local/bin/$1.new" "/usr/local/bin/$1"
}
wrapper cache-client -m client
wrapper cache-cli -m client.shell
wrapper cache-python # for scripts: the client's Python, libraries and environment
ln -sfn "$RELEASE" "$BASE/current.new"
mv -fT "$BASE/current.new" "$BASE/current"

if [ -d "$RELEASE/instance-files" ]; then
  step files
  find "$RELEASE/instance-files" -type f -exec chmod 755 {} +
  (cd "$RELEASE/instance-files" && find . -type f -exec cp --parents -t / {} +)
fi

step selftest
/usr/local/bin/cache-client --help >/dev/null

if [ -n "$SERVICE" ]; then
  step service
  base64 -d <<<"$UNIT" >"/etc/systemd/system/$SERVICE.service.new"
  mv -f "/etc/systemd/system/$SERVICE.service.new" "/etc/systemd/system/$SERVICE.service"
  systemctl daemon-reload
  systemctl enable --quiet "$SERVICE"
  systemctl restart --no-block "$SERVICE" # it may wait for its database; the instance is ready
fi
find "$BASE" -maxdepth 1 -name 'staging.*' -exec rm -rf {} +
state ready done
echo "cache-client: ready"
