"use strict";
/* A key that is typed wrongly is said so here, before anything is sent: the rule of portal/licensing/codes.py. */
(function () {
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const IGNORED = /[-–— \t\r\n\u00a0\u202f]/g;
  const READ_AS = { O: "0", I: "1", L: "1" };

  /* {code} as it is sold, or {problem, number}: "length" found, "symbol" at, "copy". */
  function readKey(typed) {
    const symbols = Array.from(typed.replace(IGNORED, "").toUpperCase(), (each) => READ_AS[each] || each);
    if (symbols.length !== 20) return { problem: "length", number: symbols.length };
    const values = symbols.map((each) => ALPHABET.indexOf(each));
    const wrong = values.indexOf(-1);
    if (wrong >= 0) return { problem: "symbol", number: wrong + 1 };
    let rest = 0;
    for (const value of values.slice(0, 18)) rest = (rest * 32 + value) % 1021;
    if (rest !== values[18] * 32 + values[19]) return { problem: "copy", number: 0 };
    return { code: symbols.join("").match(/.{5}/g).join("-") };
  }
  window.readKey = readKey;

  for (const field of document.querySelectorAll("input[data-key-length]")) {
    const says = { length: field.dataset.keyLength, symbol: field.dataset.keySymbol, copy: field.dataset.keyCopy };
    const problem = document.getElementById(field.id + "-problem");

    const check = () => {
      const found = readKey(field.value);
      const is_wrong = Boolean(found.problem) && field.value.trim() !== "";
      problem.textContent = is_wrong ? says[found.problem].replace(/%\(\w+\)d/, found.number) : "";
      problem.hidden = !is_wrong;
      field.classList.toggle("is-invalid", is_wrong);
      field.setAttribute("aria-invalid", String(is_wrong));
      const told = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== problem.id);
      field.setAttribute("aria-describedby", [...told, ...(is_wrong ? [problem.id] : [])].join(" "));
      if (found.code) field.value = found.code;
      return !is_wrong;
    };
    field.addEventListener("change", check);
    field.addEventListener("input", () => {  // what is mended goes before the button is pressed, and moves under nobody's finger
      if (!problem.hidden && readKey(field.value).code) check();
    });
    field.form.addEventListener("submit", (event) => {
      if (check()) return;
      event.preventDefault();
      field.focus();
    });
  }
})();
