"use strict";
(() => {
  // The whole of a summary that a person carries: it asks for the PIN, opens what is sealed below, and shows it. It asks nobody anything.
  const { texts, sealed } = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), letters = (text) => new TextEncoder().encode(text);
  let lang = document.documentElement.lang, opened = null, said = "";
  const put = (into, tag, text) => {
    const el = document.createElement(tag);
    if (text) el.textContent = text;
    into.append(el);
    return el;
  };
  const facts = (into, list) => {
    if (!list?.length) return;
    const dl = put(into, "dl");
    for (const [label, value] of list) {
      put(dl, "dt", label);
      put(dl, "dd", value);
    }
  };
  const show = () => {
    document.documentElement.lang = lang;
    document.title = texts[lang].title;
    for (const el of document.querySelectorAll("[data-t]")) el.textContent = texts[lang][el.dataset.t];
    for (const el of document.querySelectorAll("[data-lang]")) el.setAttribute("aria-pressed", el.dataset.lang === lang);
    $("said").textContent = said && texts[lang][said];
    $("ask").hidden = !!opened;
    $("close").hidden = !opened;
    const page = $("page");
    page.replaceChildren();
    if (!opened) return;
    const d = opened[lang];
    put(page, "h1", d.name || d.title);
    if (d.card) put(page, "p", d.card);
    facts(page, d.facts);
    for (const e of d.entries ?? []) {
      put(page, "h2", e.title);
      put(page, "p", [e.when, e.where].filter(Boolean).join(" · "));
      if (e.note) put(page, "p", e.note);
      facts(page, e.facts);
    }
    for (const line of d.last) put(page, "p", line);
  };
  const tell = (key) => { said = key; show(); };
  for (const el of document.querySelectorAll("[data-lang]")) el.addEventListener("click", () => { lang = el.dataset.lang; show(); });
  $("close").addEventListener("click", () => { opened = null; tell(""); $("pin").focus(); });
  addEventListener("pagehide", () => { opened = null; tell(""); });
  $("ask").addEventListener("submit", async (e) => {
    e.preventDefault();
    const pin = $("pin").value.normalize("NFKC").replace(/\D/g, "");
    if (pin.length !== 12) { tell("short"); return; }
    if (!globalThis.crypto?.subtle) { tell("elsewhere"); return; }
    tell("opening");
    try {
      const key = await crypto.subtle.importKey("raw", letters(pin), "PBKDF2", false, ["deriveKey"]);
      const under = await crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt: bytes(sealed.salt), iterations: sealed.rounds }, key, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(sealed.nonce), additionalData: letters("summary v1") }, under, bytes(sealed.sealed));
      opened = JSON.parse(new TextDecoder().decode(plain));
      $("pin").value = "";
      tell("");
    } catch {
      tell("wrong");
      $("pin").focus();
    }
  });
  $("ask").hidden = false;
  show();
})();
