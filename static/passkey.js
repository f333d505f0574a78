"use strict";
/* Asks the device for a passkey, or for a new one, and sends its answer with the form around the button. */
(function () {
  const box = document.querySelector("[data-passkey]");
  if (!box) return;
  const form = box.closest("form");
  const button = box.querySelector("button");
  const problem = box.querySelector("[role=alert]");
  const isNew = box.dataset.passkey === "create";

  function say(text) {
    problem.textContent = text;
    problem.hidden = false;
  }

  if (location.origin !== box.dataset.origin) {
    say(box.dataset.elsewhere);
    return;
  }
  const reads = isNew ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (!window.PublicKeyCredential || !PublicKeyCredential[reads]) {
    say(box.dataset.old);
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    for (const field of form.querySelectorAll("input[required]:not([data-code])")) {
      if (!field.reportValidity()) return;
    }
    problem.hidden = true;
    button.disabled = true;
    try {
      const publicKey = PublicKeyCredential[reads](JSON.parse(box.dataset.options));
      const answer = await (isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.querySelector("input[name$=passkey]").value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(error.name === "InvalidStateError" ? box.dataset.known : box.dataset.failed);
    }
  });
})();
