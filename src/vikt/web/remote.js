"use strict";
// A classifier that a service runs: its models by name, and the token that it may ask for.

(() => {
  const { byId, element } = vikt;
  // Milliseconds before a request is sent again to a service that is busy.
  const PAUSES = [1000, 2000, 4000];
  const ENDINGS = { markdown: "md", html: "html", json: "json" };
  // What is called of the documents that a service may give of a model.
  const DOCUMENTS = { card: "Model card", report: "Report" };
  const PRIVACY = {
    true: "It writes them to its log.",
    false: "Neither this page nor the log of the service keeps them.",
  };
  let token = "";

  // What the service says of a request that failed, as one sentence.
  const problem = async (response) => {
    if (response.status === 401) {
      return new Error(
        token
          ? "This access token is wrong. Check it and enter it again."
          : "Enter the access token that the person who runs this service gave you.",
      );
    }
    const { detail, title } = await response.json().catch(() => ({}));
    return new Error(detail || title || `The service answered with the status ${response.status}.`);
  };

  // The response to a request; a service that is busy is asked again.
  const sent = async (path, options, pauses = PAUSES) => {
    const response = await fetch(path, options).catch(() => {
      throw new Error("The service does not answer. Check that it runs and that this computer is connected.");
    });
    const [pause, ...later] = pauses;
    if (!response.headers.has("Retry-After") || !pause) return response;
    await new Promise((resume) => setTimeout(resume, pause));
    return sent(path, options, later);
  };

  const request = async (path, body) => {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { "Content-Type": "application/json" }),
    };
    const options = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    const response = await sent(path, options);
    askForToken(response.status === 401);
    if (!response.ok) throw await problem(response);
    return response;
  };

  const answer = async (path, body) => (await request(path, body)).json();
  const digestOf = (response) => response.headers.get("Model-Digest");

  const remote = (name, limits) => {
    const path = `models/${encodeURIComponent(name)}`;
    const linksTo = (documents) => {
      const way = token ? " – download" : "";
      return {
        ...Object.fromEntries(documents.map((own) => [`${DOCUMENTS[own]}${way}`, `${path}/${own}`])),
        [`Record of the fit (JSON)${way}`]: path,
        [`Interface for programs (OpenAPI)${way}`]: "openapi.json",
      };
    };
    let reads = { text: true, columns: [] };
    let digest = null;
    // The model may have been replaced since the page was drawn: half of a table would be labelled by each.
    const sameModel = async (path, body) => {
      const response = await request(path, body);
      if (digestOf(response) === digest) return response.json();
      throw new Error("The model has been replaced by another. Reload the page to use the new one.");
    };
    const row = (texts, columns) => ({ ...(reads.text && texts), ...(reads.columns.length && { columns }) });
    return {
      about: async () => {
        const response = await request(path);
        digest = digestOf(response);
        const { targets, classes, thresholds, features, facts, documents, ...model } = await response.json();
        reads = model.reads;
        const own = { name, targets, classes, thresholds: thresholds?.thresholds ?? null, features, facts };
        return { ...own, links: linksTo(documents), reads, limits };
      },
      predict: async (texts, columns) =>
        (await sameModel(`${path}/predict`, { ...row({ texts }, columns), proba: true })).answers,
      explain: (text, label, columns) => sameModel(`${path}/explain`, { ...row({ text }, columns), label }),
    };
  };

  // With a token a link cannot be followed, since a browser sends none: what it leads to is saved as a file.
  const save = async (link) => {
    const content = await (await request(link.href)).blob();
    const address = URL.createObjectURL(content);
    const [, name] = /models\/([^/]+)/u.exec(link.pathname) || ["", "openapi"];
    const [kind] = /markdown|html|json/u.exec(content.type);
    element("a", { href: address, download: `${name}.${ENDINGS[kind]}` }).click();
    URL.revokeObjectURL(address);
  };

  const complain = (error) => {
    const place = byId("access-problem");
    vikt.setMessage(place, error.message);
    // That a token is needed is not a fault yet.
    place.className = byId("token-form").hidden || token ? "note error" : "hint";
  };

  const askForToken = (isAsked) => {
    const form = byId("token-form");
    const isNew = isAsked && form.hidden;
    vikt.show(form, isAsked);
    if (isNew) byId("token").focus();
  };

  let open = null; // what draws the page of a model by its name, once the service has told of its models

  const start = async () => {
    const { models, limits, logs_texts } = await answer("models");
    const chooser = byId("model");
    chooser.replaceChildren(...models.map(({ name }) => element("option", { value: name }, name)));
    vikt.show(byId("model-field"), models.length > 1);
    byId("privacy").textContent = `Texts are sent to this service alone. ${PRIVACY[logs_texts]}`;
    open = async () => {
      await vikt.showPage(remote(chooser.value, limits));
      vikt.setMessage(byId("access-problem"), "");
    };
    chooser.onchange = () => open().catch(complain);
    await open();
  };

  const access = () => {
    const field = element("input", { type: "password", id: "token", autocomplete: "off", required: true });
    const label = element("label", { htmlFor: "token" }, "Access token");
    const form = element(
      "form.field",
      { id: "token-form", hidden: true },
      label,
      field,
      element("button.main", "Continue"),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      token = field.value.trim();
      (open || start)().catch(complain);
    };
    const model = [element("label", { htmlFor: "model" }, "Model"), element("select", { id: "model" })];
    const chooser = element("span.field", { id: "model-field", hidden: true }, ...model);
    const problem = element("p.note.error", { id: "access-problem", hidden: true, aria: { role: "alert" } });
    byId("access").replaceChildren(chooser, form, problem);
  };

  access();
  byId("content").addEventListener("click", (event) => {
    const link = event.target.closest("#links a");
    if (!link || !token) return;
    event.preventDefault();
    const place = byId("links-problem");
    save(link).catch((error) => {
      if (place.isConnected) vikt.setMessage(place, error.message);
    });
  });
  // What went wrong with a link has been read once something else is done.
  for (const action of ["click", "input", "change", "drop"]) {
    document.addEventListener(action, () => byId("links-problem") && vikt.setMessage(byId("links-problem"), ""), true);
  }
  start().catch(complain);
})();
