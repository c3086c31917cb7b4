"use strict";
// A text whose words are shaded by what they say, and can be struck out by click and by key.

(() => {
  const { element } = vikt;
  const SHADES = 8;
  const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

  // The pieces of a text, words and what lies between them: [{text, isWord}].
  vikt.pieces = (text) =>
    segmenter
      ? Array.from(segmenter.segment(text), ({ segment }) => ({ text: segment, isWord: /\S/u.test(segment) }))
      : (text.match(/\S+|\s+/gu) || []).map((piece) => ({ text: piece, isWord: /\S/u.test(piece) }));

  const shaded = ({ text, shade }) => {
    if (shade === 0) return text;
    return element(`mark.${shade > 0 ? "for" : "against"}.s${Math.ceil(Math.abs(shade) * SHADES)}`, text);
  };

  // The runs of a text, [{text, shade}], divided where its pieces end: a list of runs for each piece.
  const divided = (pieces, runs) => {
    let r = 0;
    let used = 0;
    return pieces.map(({ text }) => {
      const own = [];
      for (let left = text.length; left > 0;) {
        const run = runs[r];
        const taken = Math.min(left, run.text.length - used);
        own.push({ text: run.text.slice(used, used + taken), shade: run.shade });
        left -= taken;
        used += taken;
        if (used === run.text.length) {
          r += 1;
          used = 0;
        }
      }
      return own.filter((run) => run.text);
    });
  };

  const strongest = (runs) => runs.reduce((best, run) => (Math.abs(run.shade) > Math.abs(best) ? run.shade : best), 0);

  // Fills `box` with the words of `runs`. `sides` names what blue and orange speak for; `changed` is called with the
  // text that is left. `struck` are the places of the words that are struck out from the start. Returns {struck(),
  // restore()}.
  vikt.words = (box, runs, sides, struck, changed) => {
    const filled = runs.filter((run) => run.text);
    const pieces = vikt.pieces(filled.map((run) => run.text).join(""));
    const parts = divided(pieces, filled);
    const nodes = pieces.map(({ isWord }, i) => {
      const marks = parts[i].map(shaded);
      if (!isWord) return element("span", ...marks);
      const shade = strongest(parts[i]);
      const description = shade === 0 ? {} : { description: sides[shade > 0 ? 0 : 1] };
      const aria = { role: "button", pressed: "false", ...description };
      return element("span.word", { tabIndex: -1, aria }, ...marks);
    });
    const words = nodes.filter((node) => node.className === "word");
    if (words.length) words[0].tabIndex = 0;
    box.replaceChildren(...nodes);

    const isStruck = (node) => node.getAttribute("aria-pressed") === "true";
    const text = () => pieces.map((piece, i) => (isStruck(nodes[i]) ? "" : piece.text)).join("");
    const set = (word, value) => word.setAttribute("aria-pressed", String(value));
    const tell = () => changed(text());

    const focus = (word) => {
      for (const other of words) other.tabIndex = -1;
      word.tabIndex = 0;
      word.focus();
    };
    const toggle = (word) => {
      set(word, !isStruck(word));
      tell();
    };
    const steps = () => {
      const forth = getComputedStyle(box).direction === "rtl" ? -1 : 1;
      return { ArrowRight: forth, ArrowLeft: -forth, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    };
    box.onclick = (event) => {
      const word = event.target.closest(".word");
      if (word && getSelection().isCollapsed) {
        focus(word);
        toggle(word);
      }
    };
    box.onkeydown = (event) => {
      const place = words.indexOf(event.target);
      const step = steps()[event.key];
      if (place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      if (step !== undefined) focus(words[Math.max(0, Math.min(words.length - 1, place + step))]);
      else if (["Enter", " ", "Delete", "Backspace"].includes(event.key)) toggle(words[place]);
      else return;
      event.preventDefault();
    };
    for (const place of struck) set(words[place], true);
    if (struck.length) tell();
    return {
      struck: () => words.flatMap((word, place) => (isStruck(word) ? [place] : [])),
      restore: () => {
        for (const word of words) set(word, false);
        tell();
      },
    };
  };
})();
