"use strict";
/* A recovery secret of 128 random bits, made here and shown here: no request carries it. */
(function () {
  const sheet = document.getElementById("sheet");
  if (!sheet) return;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // base 32: neither 0, 1, 8 nor 9
  const make = document.getElementById("make");
  const print = document.getElementById("print");
  document.getElementById("needs-script").hidden = true;

  function encode(bytes) {
    let text = "", held = 0, bits = 0;
    for (const byte of bytes) {
      held = (held << 8) | byte;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text += alphabet[(held >> bits) & 31];
      }
      held &= (1 << bits) - 1;
    }
    return bits ? text + alphabet[(held << (5 - bits)) & 31] : text;
  }

  function grouped(text) {
    return [text.slice(0, 5), text.slice(5, 10), text.slice(10, 15), text.slice(15, 20), text.slice(20)].join("-");
  }

  if (!window.crypto || !window.crypto.getRandomValues) {
    document.getElementById("no-random").hidden = false;
    return;
  }
  make.hidden = false;
  make.addEventListener("click", () => {
    document.getElementById("secret").textContent = grouped(encode(window.crypto.getRandomValues(new Uint8Array(16))));
    sheet.hidden = false;
    make.hidden = true; // a second secret would make the printed one worthless
    sheet.scrollIntoView();
  });
  print.addEventListener("click", () => window.print());
})();
