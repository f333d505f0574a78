"use strict";
/* The passphrase is sealed here for the key agent; what the form sends, nobody else can read.
   The same steps as portal/engine/browser_seal.py. */
(function () {
  const form = document.querySelector("form[data-seal-for]");
  if (!form) return;
  const typed = form.querySelector("[data-passphrase]");
  const sealed = form.elements.sealed;
  const button = form.querySelector("button");
  const problem = document.getElementById("seal-problem");
  document.getElementById("needs-script").hidden = true;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const text = new TextEncoder();

  const decode = (value) => Uint8Array.from(atob(value.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

  async function seal(point, name, secret) {
    const subtle = window.crypto.subtle;
    const theirs = await subtle.importKey("raw", point, curve, false, []);
    const own = await subtle.generateKey(curve, false, ["deriveBits"]);
    const mine = new Uint8Array(await subtle.exportKey("raw", own.publicKey));
    const bits = await subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256);
    const base = await subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
    const key = await subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: join(mine, point), info: text.encode("passphrase of a vault, 1: " + name) },
      base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    const nonce = window.crypto.getRandomValues(new Uint8Array(12));
    const aead = { name: "AES-GCM", iv: nonce, additionalData: text.encode(name) };
    const ciphertext = new Uint8Array(await subtle.encrypt(aead, key, text.encode(secret)));
    return join(mine, nonce, ciphertext);
  }

  if (!window.crypto || !window.crypto.subtle) {  // a page without https
    problem.hidden = false;
    return;
  }
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      sealed.value = encode(await seal(decode(form.dataset.sealFor), form.dataset.name, typed.value));
      typed.value = "";
      form.submit();
    } catch (error) {
      button.disabled = false;
      problem.hidden = false;
    }
  });
})();
