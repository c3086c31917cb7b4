"use strict";
// What the other files share: elements, numbers as people read them, and errors.

globalThis.vikt = globalThis.vikt || {};

// An element: its name and classes as "li.answered", its properties if there are any, and its children, which are
// elements or texts. Text is never read as markup.
vikt.element = (selector, ...given) => {
  const [name, ...classes] = selector.split(".");
  const hasProperties = given.length > 0 && Object.getPrototypeOf(given[0]) === Object.prototype;
  const [properties, children] = hasProperties ? [given[0], given.slice(1)] : [{}, given];
  const { style = {}, aria = {}, ...own } = properties;
  const made = Object.assign(document.createElement(name), own);
  made.classList.add(...classes);
  for (const [key, value] of Object.entries(style)) made.style.setProperty(key, value);
  for (const [key, value] of Object.entries(aria)) made.setAttribute(key === "role" ? key : `aria-${key}`, value);
  made.append(...children);
  return made;
};

vikt.byId = (id) => document.getElementById(id);

// A probability: 97.3 %, and never 100 % or 0 % for one that is not.
vikt.percent = (p) => {
  if (p > 0 && p < 0.0005) return "< 0.1 %";
  if (p < 1 && p >= 0.9995) return "> 99.9 %";
  return `${(100 * p).toFixed(1)} %`;
};

// A number with its sign and two decimals, or one digit where those would be zeros.
vikt.signed = (x) => {
  const size = Math.abs(x);
  return (x < 0 ? "−" : "+") + (size > 0 && size < 0.005 ? size.toPrecision(1) : size.toFixed(2));
};

vikt.count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

// A label or the name of a feature on one line of bounded width: characters that are invisible or set the direction of
// writing are spelled out, and blanks are marked where some could not be seen.
vikt.CONTROLS =
  /[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]|[^\S ]/gu;
vikt.visible = (name) => {
  const marked = name.trim() === name && !name.includes("  ") ? name : name.replaceAll(" ", "␣");
  const spelled = marked.replace(vikt.CONTROLS, (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
  const characters = Array.from(spelled);
  return characters.length > 60 ? `${characters.slice(0, 59).join("")}…` : spelled;
};

vikt.named = (label) => `“${vikt.visible(label)}”`;

// Throws an Error with one sentence.
vikt.bytesOf = async (file) => {
  const content = await file.arrayBuffer().catch(() => {
    throw new Error(`${file.name} cannot be read. Choose a file, not a folder.`);
  });
  return new Uint8Array(content);
};

vikt.show = (element, isShown) => {
  element.hidden = !isShown;
};

// Sets one message, or none; role=alert reads it aloud.
vikt.setMessage = (element, message) => {
  element.textContent = message;
  vikt.show(element, message !== "");
};

// The newest of several calls that overlap: of those before it, the results are dropped.
vikt.newest = () => {
  let last = 0;
  return async (work) => {
    const own = ++last;
    const result = await work.then(
      (value) => ({ value }),
      (error) => ({ error }),
    );
    return own === last ? result : null;
  };
};

// Calls `work` once nothing more has come for so many milliseconds.
vikt.settled = (work, wait) => {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait());
  };
};
