// Asks without leaving the page, and counts the seconds down. Without this script the buttons work as forms do.
"use strict";
let countdown;

function count() {
  clearInterval(countdown);
  const left = document.getElementById("left");
  if (!left) return;
  const end = performance.now() + 1000 * Number(left.dataset.seconds);
  countdown = setInterval(() => {
    const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
    left.textContent = `${seconds} second${seconds === 1 ? "" : "s"} left`;
    if (!seconds) clearInterval(countdown);
  }, 1000);
}

async function ask(event) {
  event.preventDefault();
  const button = event.submitter;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button.formAction, { method: "POST" });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = found.title;
    // The sections stay where they are, so that a screen reader hears what is new in them.
    for (const id of ["answer", "rest"]) {
      document.getElementById(id).replaceChildren(...found.getElementById(id).childNodes);
    }
    count();
  } catch (error) {
    const said = document.createElement("p");
    said.className = "said fault";
    said.textContent = "The application does not answer. Is it running?";
    document.getElementById("answer").replaceChildren(said);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

document.querySelector("form").addEventListener("submit", ask);
count();
