"use strict";
// The answer to a text: what is answered in large letters, and a bar for each class.

(() => {
  const { element, percent } = vikt;
  const MOST_AT_SIGHT = 8;
  const MOST_LABELS = 3;

  const NO_ANSWER = { none: "No answer", why: "The model does not answer this text: it is not sure enough." };
  const CHOOSE = "Choose one to see what speaks for it.";
  // By the kind of the targets: what the classes are called, what it means that none is answered, and a hint.
  const KINDS = {
    classes: { many: "classes", ...NO_ANSWER, key: CHOOSE },
    several: {
      many: "labels",
      none: "No label",
      why: "No label is as probable as its threshold.",
      key: `${CHOOSE} The line in a bar is the threshold from which a label is answered.`,
    },
    soft: { many: "classes", ...NO_ANSWER, key: `The shares of the classes. ${CHOOSE}` },
    ordered: { many: "levels", ...NO_ANSWER, key: "All levels share one score, which the words raise or lower." },
  };

  vikt.kind = (about) => KINDS[about.targets];

  // A label as it is shown; an empty one has a name.
  vikt.labelText = (label) => element("bdi", { title: label }, vikt.visible(label) || "(empty)");

  vikt.probability = (answer, label) => answer[`P(${label})`];

  vikt.answered = ({ predicted }) => (Array.isArray(predicted) ? predicted : predicted === null ? [] : [predicted]);

  const named = (answer) => (label) =>
    element("span.label", vikt.labelText(label), " ", element("small", percent(vikt.probability(answer, label))));

  const verdict = (about, answer) => {
    const { none, why } = vikt.kind(about);
    const labels = vikt.answered(answer);
    const shown = labels.length ? labels.slice(0, MOST_LABELS).map(named(answer)) : [element("span.label", none)];
    const notes = [
      labels.length ? "" : why,
      labels.length > MOST_LABELS ? `And ${vikt.count(labels.length - MOST_LABELS, "more label")}, ticked below.` : "",
      answer.set ? `Set that holds the right class: ${answer.set.map(vikt.visible).join(", ") || "none"}.` : "",
    ];
    const largest = element(labels.length > 1 ? "p.labels.several" : "p.labels", ...shown);
    return [largest, ...notes.filter(Boolean).map((note) => element("p.hint", note))];
  };

  const row = (about, label, choose) => {
    const parts = {
      number: element("span.number", "–"),
      detail: element("span.detail"),
      mark: element("span.hidden"),
      meter: element("span.meter", { aria: { hidden: "true" } }, element("span.fill"), element("span.before")),
    };
    const threshold = about.thresholds && about.thresholds[label];
    if (about.thresholds) {
      parts.meter.append(element("span.threshold", { style: { "--at": threshold } }));
      parts.detail.textContent = `threshold ${percent(threshold)}`;
    }
    const name = element("span.name", vikt.labelText(label));
    const children = [name, parts.number, parts.mark, parts.meter, parts.detail];
    // Levels share one score, so there is nothing to choose.
    const button =
      about.targets === "ordered"
        ? element("div.class", ...children)
        : element("button.class", { type: "button", onclick: () => choose(label) }, ...children);
    return { ...parts, button, item: element("li", button) };
  };

  const press = (button, isEnabled, isExplained) => {
    if (button.localName !== "button") return;
    button.disabled = !isEnabled;
    button.setAttribute("aria-pressed", String(isExplained));
  };

  const fill = ({ item, button, number, meter, mark }, about, label, base, now, isExplained) => {
    const before = vikt.probability(base, label);
    const p = vikt.probability(now, label);
    const isAnswered = vikt.answered(now).includes(label);
    item.classList.toggle("answered", isAnswered);
    item.classList.toggle("moved", base !== now);
    press(button, true, isExplained);
    meter.style.setProperty("--p", p);
    meter.style.setProperty("--before", before);
    number.textContent = base === now ? percent(p) : `${percent(before)} → ${percent(p)}`;
    mark.textContent = isAnswered ? "answered" : "";
  };

  const empty = ({ item, button, number, meter, mark }) => {
    item.classList.remove("answered", "moved");
    press(button, false, false);
    meter.style.setProperty("--p", 0);
    number.textContent = "–";
    mark.textContent = "";
  };

  const spoken = (about, base, now) => {
    const labels = vikt.answered(now);
    if (!labels.length) return vikt.kind(about).none;
    return labels
      .map((label) => {
        const [before, p] = [base, now].map((answer) => percent(vikt.probability(answer, label)));
        return `${vikt.visible(label)} ${base === now ? p : `${before} → ${p}`}`;
      })
      .join(", ");
  };

  // The panel of the answer. `choose` is called with the label that a reader wants explained.
  vikt.answerPanel = (about, choose) => {
    const rows = new Map(about.classes.map((label) => [label, row(about, label, choose)]));
    const list = vikt.byId("classes");
    const all = vikt.byId("all-classes");
    let order = about.classes;
    let shown = [];
    let showsAll = false;
    let told = null;

    const arrange = (needed) => {
      const visible = order.filter((label, place) => showsAll || place < MOST_AT_SIGHT || needed.includes(label));
      if (visible.length !== shown.length || visible.some((label, place) => label !== shown[place])) {
        list.replaceChildren(...visible.map((label) => rows.get(label).item));
        shown = visible;
      }
      vikt.show(all, order.length > MOST_AT_SIGHT);
      all.textContent = showsAll ? "Show fewer" : `Show all ${order.length} ${vikt.kind(about).many}`;
      all.setAttribute("aria-expanded", String(showsAll));
    };
    const byProbability = (answer) =>
      about.targets === "ordered"
        ? about.classes
        : [...about.classes].sort((a, b) => vikt.probability(answer, b) - vikt.probability(answer, a));

    // The answer to the text, `now` the one to what is left of it, and the label that is explained.
    const show = (base, now, explained) => {
      if (!told || told.base !== base) order = byProbability(base);
      told = { base, now, explained };
      arrange([...vikt.answered(now), explained]);
      for (const [label, own] of rows) fill(own, about, label, base, now, label === explained);
      vikt.byId("verdict").replaceChildren(...verdict(about, now));
      vikt.byId("status").textContent = spoken(about, base, now);
    };
    const clear = (remark) => {
      told = null;
      order = about.classes;
      arrange([]);
      for (const own of rows.values()) empty(own);
      vikt.byId("verdict").replaceChildren(element("p.hint", remark));
      vikt.byId("status").textContent = "";
    };
    all.onclick = () => {
      showsAll = !showsAll;
      arrange(told ? [...vikt.answered(told.now), told.explained] : []);
    };
    vikt.byId("key").textContent = vikt.kind(about).key;
    clear("The answer appears here.");
    return { show, clear };
  };
})();
