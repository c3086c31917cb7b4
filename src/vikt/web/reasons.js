"use strict";
// Why a text is answered so: its words, the features that speak most for a label and against it, and the score.

(() => {
  const { byId, element, signed } = vikt;
  const MOST_FEATURES = 8;

  const named = (label) => `“${vikt.visible(label)}”`;

  const sides = ({ label, levels, against }) => {
    if (levels) return ["for higher levels", "for lower levels"];
    return [`for ${named(label)}`, against ? `for ${named(against)}` : `against ${named(label)}`];
  };

  const title = ({ label, levels }) => (levels ? "What speaks for higher and for lower levels" : `What speaks for and against ${named(label)}`);

  const side = (name, className, parts, strongest) => {
    const items = parts.slice(0, MOST_FEATURES).map(({ feature, contribution }) => element("li", {},
      element("bdi", { className: "feature", title: feature }, vikt.visible(feature)), element("span", { className: "amount" }, signed(contribution)),
      element("span", { className: `meter ${className}`, style: { "--p": Math.abs(contribution) / strongest }, aria: { hidden: "true" } },
        element("span", { className: "fill" }))));
    const rest = parts.slice(MOST_FEATURES);
    if (rest.length) {
      const total = rest.reduce((sum, part) => sum + part.contribution, 0);
      items.push(element("li", { className: "rest" }, element("span", {}, `${vikt.count(rest.length, "more feature")}`),
        element("span", { className: "amount" }, signed(total))));
    }
    const heading = element("h4", {}, `Most ${name}`);
    return element("div", { className: "side" }, heading,
      items.length ? element("ol", {}, ...items) : element("p", { className: "hint" }, "Nothing in this text."));
  };

  const showSides = (explanation) => {
    const parts = explanation.contributions.filter((part) => part.contribution !== 0);
    const strongest = Math.abs(parts[0]?.contribution ?? 1);
    const [positive, negative] = sides(explanation);
    byId("sides").replaceChildren(
      side(positive, "for", parts.filter((part) => part.contribution > 0), strongest),
      side(negative, "against", parts.filter((part) => part.contribution < 0), strongest),
    );
  };

  const sum = ({ score, intercept, contributions, levels }) => {
    const parts = `${vikt.count(contributions.length, "feature")} of the text ${signed(score - intercept)}`;
    return levels ? `Score ${signed(score)}: ${parts}.` : `Score ${signed(score)}: ${parts}, intercept ${signed(intercept)}.`;
  };

  // Ordered levels on the scale of their score: the cuts between them, and where this text stands.
  const showScale = ({ levels, cuts, score }) => {
    vikt.show(byId("scale"), Boolean(levels));
    if (!levels) return;
    const low = Math.min(score, cuts[0]) - 1, high = Math.max(score, cuts.at(-1)) + 1;
    const at = (value) => ({ "--at": (value - low) / (high - low) });
    const line = element("div", { className: "line", aria: { hidden: "true" } },
      ...cuts.map((cut) => element("span", { className: "cut", style: at(cut) })), element("span", { className: "score", style: at(score) }));
    const below = cuts.map((cut, k) => `${vikt.visible(levels[k])} up to ${signed(cut)}`);
    byId("scale").replaceChildren(line, element("p", { className: "hint" }, `Levels by score: ${below.join(", ")}, ${vikt.visible(levels.at(-1))} above.`));
  };

  const showLegend = (explanation) => {
    const [positive, negative] = sides(explanation);
    byId("legend").replaceChildren(element("mark", { className: "for s5" }, positive), " ", element("mark", { className: "against s5" }, negative));
  };

  // The panel of reasons. `left` is called with the text that is left when words are struck out.
  vikt.reasonsPanel = (left) => {
    const restore = byId("restore");
    const show = (explanation, remark) => {
      byId("reasons-title").textContent = title(explanation);
      vikt.complain(byId("remark"), remark);
      const hasWords = explanation.runs.some((run) => run.text.trim());
      vikt.show(byId("words-panel"), hasWords);
      if (hasWords) {
        showLegend(explanation);
        restore.disabled = true;
        const words = vikt.words(byId("words"), explanation.runs, sides(explanation), (text) => {
          restore.disabled = words.countStruck() === 0;
          left(restore.disabled ? null : text);
        });
        restore.onclick = () => { words.restore(); byId("words").querySelector(".word")?.focus(); };
      }
      showScale(explanation);
      showSides(explanation);
      byId("sum").textContent = sum(explanation);
      vikt.show(byId("reasons"), true);
    };
    return { show, hide: () => vikt.show(byId("reasons"), false) };
  };
})();
