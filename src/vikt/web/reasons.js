"use strict";
// Why a text is answered so: its words, the features that speak most for a label and against it, and the score.

(() => {
  const { byId, element, signed } = vikt;
  const MOST_FEATURES = 8;
  const NONE_KNOWN = "No feature of this text is known to the model; the answer does not depend on it.";

  const { named } = vikt;

  const sides = ({ label, levels }) => {
    if (levels) return ["for higher levels", "for lower levels"];
    return [`for ${named(label)}`, `against ${named(label)}`];
  };

  const title = ({ label, levels }) => {
    if (levels) return "What speaks for higher and for lower levels";
    return `What speaks for and against ${named(label)}`;
  };

  const item =
    (strongest) =>
    ({ feature, contribution }) => {
      const share = { "--p": Math.abs(contribution) / strongest };
      return element(
        "li",
        element("bdi.feature", { title: feature }, vikt.visible(feature)),
        element("span.amount", signed(contribution)),
        element("span.meter", { style: share, aria: { hidden: "true" } }, element("span.fill")),
      );
    };

  const summed = (parts) => {
    const total = parts.reduce((sum, part) => sum + part.contribution, 0);
    const name = vikt.count(parts.length, "more feature");
    return element("li.rest", element("span", name), element("span.amount", signed(total)));
  };

  const side = (name, selector, parts, strongest) => {
    const rest = parts.slice(MOST_FEATURES);
    const items = [...parts.slice(0, MOST_FEATURES).map(item(strongest)), ...(rest.length ? [summed(rest)] : [])];
    const list = items.length ? element("ol", ...items) : element("p.hint", "Nothing in this text.");
    return element(selector, element("h4", `Most ${name}`), list);
  };

  const showSides = (explanation) => {
    const [positive, negative] = sides(explanation);
    const parts = explanation.contributions;
    const strongest = Math.abs(parts[0]?.contribution ?? 1);
    const above = parts.filter((part) => part.contribution > 0);
    const below = parts.filter((part) => part.contribution < 0);
    const both = [
      side(positive, "div.side.for", above, strongest),
      side(negative, "div.side.against", below, strongest),
    ];
    byId("sides").replaceChildren(...(parts.length ? both : [element("p", NONE_KNOWN)]));
  };

  const sum = ({ score, intercept, contributions, levels }) => {
    const parts = `${vikt.count(contributions.length, "feature")} of the text ${signed(score - intercept)}`;
    return `Score ${signed(score)}: ${parts}${levels ? "" : `, intercept ${signed(intercept)}`}.`;
  };

  // Ordered levels on the scale of their score: the cuts between them, and where this text stands.
  const showScale = ({ levels, cuts, score }) => {
    vikt.show(byId("scale"), Boolean(levels));
    if (!levels) return;
    const low = Math.min(score, cuts[0]) - 1;
    const high = Math.max(score, cuts[cuts.length - 1]) + 1;
    const at = (value) => ({ style: { "--at": (value - low) / (high - low) } });
    const marks = [...cuts.map((cut) => element("span.cut", at(cut))), element("span.score", at(score))];
    const below = cuts.map((cut, k) => `${vikt.visible(levels[k])} up to ${signed(cut)}`);
    const sentence = `Levels by score: ${below.join(", ")}, ${vikt.visible(levels[levels.length - 1])} above.`;
    const line = element("div.line", { aria: { hidden: "true" } }, ...marks);
    byId("scale").replaceChildren(line, element("p.hint", sentence));
  };

  const showLegend = (explanation) => {
    const [positive, negative] = sides(explanation);
    byId("legend").replaceChildren(element("mark.for.s5", positive), " ", element("mark.against.s5", negative));
  };

  const showSum = (explanation) => {
    showScale(explanation);
    showSides(explanation);
    byId("sum").textContent = sum(explanation);
  };

  // The panel of reasons. `left` is called with the text that is left when words are struck out, or null for the whole;
  // `showLeft` shows its sum beside the words of the whole text.
  // `show` keeps words struck out where the text is the same as before.
  vikt.reasonsPanel = (left) => {
    const restore = byId("restore");
    let words = null;
    let text = null;
    const show = (explanation, remark) => {
      const shown = explanation.runs.map((run) => run.text).join("");
      const struck = shown === text && words ? words.struck() : [];
      text = shown;
      words = null;
      byId("reasons-title").textContent = title(explanation);
      vikt.setMessage(byId("remark"), remark);
      const hasWords = explanation.runs.some((run) => run.text.trim());
      vikt.show(byId("words-panel"), hasWords);
      if (hasWords) {
        showLegend(explanation);
        restore.disabled = struck.length === 0;
        words = vikt.words(byId("words"), explanation.runs, sides(explanation), struck, (rest) => {
          restore.disabled = words !== null && words.struck().length === 0;
          left(restore.disabled ? null : rest);
        });
        restore.onclick = () => {
          words.restore();
          byId("words").querySelector(".word")?.focus();
        };
      }
      showSum(explanation);
      vikt.show(byId("reasons"), true);
    };
    const hide = () => {
      text = null;
      vikt.show(byId("reasons"), false);
    };
    return { show, showLeft: showSum, hide };
  };
})();
