// The only script. Every page works without it; it makes the pages quicker and leaving them safer.
// It keeps nothing in the browser's storage: drafts go to the memory of the server on this device, never to its disk.
"use strict";
(() => {
  const policy = globalThis.trustedTypes?.createPolicy("paper", { createHTML: (s) => s }) ?? { createHTML: (s) => s };
  const read = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  const $ = (sel, from = document) => from.querySelector(sel);
  const $$ = (sel, from = document) => [...from.querySelectorAll(sel)];
  const typing = (el) => el?.matches?.("input:not([type=radio],[type=checkbox]),textarea,select,[contenteditable]");

  // All windows of a browser hear each other: whoever leaves, locks or is covered in one is gone from all.
  const { who, idle } = document.body.dataset;
  const wire = globalThis.BroadcastChannel ? new BroadcastChannel("page") : null;
  const tell = (what) => wire?.postMessage(what);
  const vanish = (to) => {
    document.title = "…";
    document.body.replaceChildren();
    location.replace(to);
  };
  const harmless = "/measures", locked = () => "/unlock?to=" + encodeURIComponent(location.pathname + location.search);
  if (wire) {
    wire.onmessage = ({ data }) => {
      if (data.left) vanish(harmless);
      else if (who && (data.locked || data.who !== who)) vanish(locked());
    };
    if (who) tell({ who }); // windows that still show another member's pages go
  }

  // Quick exit: two Escapes or three Shifts. What is on the page goes first, then the keys, then the history entry.
  const leaveForm = $("#leave");
  const leave = () => {
    const { action } = leaveForm;
    document.body.replaceChildren();
    tell({ left: true });
    fetch(action, { method: "POST", keepalive: true }).catch(() => {});
    vanish(harmless);
  };
  if (leaveForm) {
    leaveForm.addEventListener("submit", (e) => { e.preventDefault(); leave(); });
    const taps = { Escape: [2, 700], Shift: [3, 1500] };
    let key = "", times = [];
    addEventListener("keydown", (e) => {
      const tap = taps[e.key];
      if (!tap || e.repeat) { key = ""; return; }
      if (key !== e.key) { key = e.key; times = []; }
      times.push(e.timeStamp);
      times = times.filter((t) => e.timeStamp - t < tap[1]);
      if (times.length >= tap[0]) leave();
    }, true);
  }
  // A page brought back by the Back button may be of a session that is locked now: it is asked for anew.
  addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    document.body.replaceChildren();
    location.reload();
  });

  // Nobody there: the page is covered. The server counts for all windows together; the page asks when its time is over and
  // when it comes to light again, and says now and then that somebody is working on it.
  if (who) {
    let until = Date.now() + 1000 * idle, used = false, timer;
    const ask = async (quiet) => {
      clearTimeout(timer);
      let left = 0;
      try {
        const answer = await fetch("/awake?who=" + who, { headers: quiet ? { "X-Quiet": "1" } : {} });
        if (answer.ok) left = +(await answer.text());
      } catch { // the program has stopped, and its keys are gone: nothing is shown until it answers
        document.body.hidden = quiet && Date.now() >= until;
        timer = setTimeout(ask, 3000, quiet);
        return;
      }
      if (!(left > 0)) {
        tell({ locked: true });
        vanish(locked());
        return;
      }
      document.body.hidden = false;
      until = Date.now() + 1000 * left;
      wait();
    };
    const wait = () => {
      timer = setTimeout(() => {
        const busy = used;
        used = false;
        if (busy || Date.now() >= until) ask(!busy); else wait();
      }, Math.min(250 * idle, Math.max(0, until - Date.now()) + 100));
    };
    for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) addEventListener(kind, () => { used = true; }, { passive: true, capture: true });
    addEventListener("visibilitychange", () => { if (!document.hidden) ask(true); });
    addEventListener("focus", () => { if (Date.now() >= until) ask(true); });
    $("form[action='/lock']")?.addEventListener("submit", () => tell({ locked: true }));
    wait();
  }

  // Passkeys, where the browser has them. A form asks the browser first and then sends what it answered.
  const text64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const bytes64 = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  for (const form of isSecureContext && globalThis.PublicKeyCredential ? $$("form[data-passkey]") : []) {
    form.hidden = false;
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      const { passkey, challenge, host, user, tab, ids } = form.dataset, said = $("[role=status]", form);
      const known = ids.split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes64(id) }));
      const asked = { challenge: bytes64(challenge), timeout: 120000 };
      said.textContent = "";
      try {
        const made = passkey === "create";
        const { rawId, response: r } = made
          ? await navigator.credentials.create({ publicKey: { ...asked, rp: { id: host, name: tab }, user: { id: bytes64(user), name: tab, displayName: tab }, excludeCredentials: known,
            attestation: "none", pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })), authenticatorSelection: { residentKey: "discouraged", userVerification: "required" } } })
          : await navigator.credentials.get({ publicKey: { ...asked, rpId: host, allowCredentials: known, userVerification: "required" } });
        const answer = made ? { auth: r.getAuthenticatorData(), key: r.getPublicKey() } : { auth: r.authenticatorData, sig: r.signature };
        for (const [name, bytes] of Object.entries({ ...answer, id: rawId, client: r.clientDataJSON })) form.elements[name].value = text64(bytes);
        form.submit();
      } catch { said.textContent = said.dataset.failed; } // not there, not allowed, or not in time
    });
  }

  // swap replaces the element of that id with the one in the answer; a redirect means the session is locked.
  const swap = (answer, html, id) => {
    if (answer.redirected) { location.reload(); return; }
    const fresh = read(html).getElementById(id), old = document.getElementById(id);
    if (!fresh || !old) return;
    const held = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(document.adoptNode(fresh));
    if (held) { // whoever had moved on into the list stays in it, on the same person when they are still there
      const links = $$("a.name", fresh);
      (links.find((a) => a.getAttribute("href") === held) ?? links[0] ?? $("#q"))?.focus();
    }
    const said = $("#said");
    if (said && fresh.dataset.said !== undefined) said.textContent = fresh.dataset.said;
  };

  // Search as you type. It posts: a typed name must not land in the browser's history file.
  for (const form of $$("form[data-live]")) {
    const id = form.dataset.live;
    let timer, running, last = new URLSearchParams(new FormData(form)).toString();
    const run = async () => {
      const body = new URLSearchParams(new FormData(form));
      if (body.toString() === last) return;
      last = body.toString();
      running?.abort();
      running = new AbortController();
      try {
        const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Part": id }, signal: running.signal });
        swap(answer, await answer.text(), id);
      } catch { /* a newer search replaced this one, or the server stopped: the button still works */ }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(run, 160); });
    form.addEventListener("keydown", (e) => {
      if (e.key !== "ArrowDown") return;
      const first = $("a.name", document.getElementById(id));
      if (first) { e.preventDefault(); first.focus(); }
    });
  }
  addEventListener("keydown", (e) => {
    const here = document.activeElement;
    if (e.defaultPrevented || !here?.matches?.(".hits a.name") || !/^Arrow(Up|Down)$/.test(e.key)) return;
    const all = $$(".hits a.name"), at = all.indexOf(here), to = e.key === "ArrowDown" ? all[at + 1] : (all[at - 1] ?? $("#q"));
    e.preventDefault();
    to?.focus();
  });

  // The page left open on the table: fetch it again, quietly (it does not keep the session awake).
  for (const el of $$("[data-refresh]")) {
    const id = el.id;
    setInterval(async () => {
      const now = document.getElementById(id);
      if (document.hidden || !now || now.contains(document.activeElement)) return;
      try {
        const answer = await fetch(location.href, { headers: { "X-Part": id, "X-Quiet": "1" } });
        swap(answer, await answer.text(), id);
      } catch { /* the server stopped; what is shown stays */ }
    }, 1000 * el.dataset.refresh);
  }

  // Enter goes on to the next box, Ctrl+Enter saves.
  const stops = (form) => {
    const seen = new Set();
    return [...form.elements].filter((el) => {
      if (!el.matches("input:not([type=hidden]),select,textarea,button.go") || el.disabled || !(el.checkVisibility?.() ?? el.getClientRects().length)) return false; // what is folded away has boxes, and takes no focus
      if (!el.matches("[type=radio],[type=checkbox]")) return true;
      const group = $$(`[name="${el.name}"]`, form), stop = group.find((g) => g.checked) ?? group[0];
      if (seen.has(el.name) || (el.type === "radio" && el !== stop)) return false;
      seen.add(el.name);
      return true;
    });
  };
  for (const form of $$("form[data-enter]")) {
    form.addEventListener("keydown", (e) => {
      const el = e.target;
      if (e.key !== "Enter" || e.isComposing || el.matches("button,a,summary")) return;
      if (e.ctrlKey || e.metaKey) { e.preventDefault(); form.requestSubmit($("button.go", form)); return; }
      if (el.matches("textarea")) return;
      e.preventDefault();
      const all = stops(form);
      let at = all.findIndex((s) => s === el || (el.name && s.name === el.name));
      all[at + 1]?.focus();
      all[at + 1]?.select?.();
    });
  }

  // What was understood of "27 3 91" or "como 30", said beside the box.
  for (const el of $$("[data-echo]")) {
    const out = document.getElementById(el.id + "-echo");
    el.addEventListener("change", async () => {
      out.textContent = "";
      if (!el.value.trim()) return;
      try {
        const answer = await fetch(el.dataset.echo, { method: "POST", body: new URLSearchParams({ [el.name]: el.value }) });
        if (answer.ok && !answer.redirected) out.textContent = await answer.text();
      } catch { /* only a help */ }
    });
  }

  // Drafts: a page left by accident comes back with what was typed.
  for (const form of $$("form[data-draft]")) {
    let timer, dirty = false;
    const keep = () => {
      clearTimeout(timer);
      if (!dirty) return;
      dirty = false;
      const body = new URLSearchParams(new FormData(form));
      body.set("_for", form.dataset.draft);
      navigator.sendBeacon("/draft", body);
    };
    form.addEventListener("input", () => { dirty = true; clearTimeout(timer); timer = setTimeout(keep, 1500); });
    form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
    addEventListener("pagehide", keep);
  }

  // One press, one submit.
  addEventListener("submit", (e) => {
    if (e.defaultPrevented || e.target.method !== "post" || e.target.dataset.live) return;
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
    e.submitter?.setAttribute("aria-busy", "true");
  });

  // Choices that send themselves: a select of a filter or of a site.
  for (const el of $$("[data-send]")) el.addEventListener("change", () => el.form.requestSubmit());
  for (const el of $$("[data-reveal]")) {
    el.hidden = false;
    el.addEventListener("click", () => {
      const box = document.getElementById(el.dataset.reveal);
      box.type = box.type === "password" ? "text" : "password";
      box.focus();
    });
  }
  // Reading aloud, where this machine itself has a voice of the language: other voices send what they read to a stranger.
  const speech = globalThis.speechSynthesis, tongue = document.documentElement.lang;
  const voice = () => speech.getVoices().find((v) => v.localService && v.lang.slice(0, 2) === tongue);
  for (const el of speech ? $$("[data-speak]") : []) {
    const look = () => { el.hidden = !voice(); };
    speech.onvoiceschanged = look;
    look();
    addEventListener("pagehide", () => speech.cancel());
    el.addEventListener("click", () => {
      if (speech.speaking) { speech.cancel(); return; }
      for (const part of $$(".aloud :is(h1,h2,p):not([data-mute])")) {
        const said = new SpeechSynthesisUtterance(part.textContent);
        said.voice = voice();
        said.lang = tongue;
        said.rate = 0.9;
        speech.speak(said);
      }
    });
  }
  for (const el of $$("[data-print]")) { el.hidden = false; el.addEventListener("click", () => print()); }

  // The camera. This machine's own program looks at the pictures; none is kept. It goes off by itself: a page on which nobody
  // does anything must not stay open because a camera runs.
  for (const box of navigator.mediaDevices?.getUserMedia ? $$("[data-camera]") : []) {
    const video = $("video", box), said = $("[role=status]", box), [start, stop] = $$("button", box), field = $("#code");
    let stream, until = 0;
    const show = (on) => { video.hidden = stop.hidden = !on; start.hidden = on; };
    const off = (why) => {
      for (const track of stream?.getTracks() ?? []) track.stop();
      stream = video.srcObject = null;
      show(false);
      said.textContent = said.dataset[why] ?? "";
    };
    const look = async () => {
      const w = video.videoWidth, h = video.videoHeight, k = Math.min(1, 800 / Math.max(w, h));
      if (!stream) return;
      if (document.hidden || Date.now() > until) { off(document.hidden ? "" : "tired"); return; }
      const canvas = document.createElement("canvas"), at = canvas.getContext("2d");
      [canvas.width, canvas.height] = [w * k, h * k];
      at.filter = "grayscale(1)";
      at.drawImage(video, 0, 0, w * k, h * k);
      const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
      try {
        const answer = frame && await fetch(box.dataset.camera, { method: "POST", body: frame });
        if (answer?.redirected) { location.reload(); return; }
        if (answer?.status === 200 && stream) {
          field.value = await answer.text();
          off();
          field.form.requestSubmit($("button.go", field.form));
          return;
        }
      } catch { /* the program stopped; the next picture may reach it again */ }
      setTimeout(look, 120);
    };
    start.addEventListener("click", async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
        video.srcObject = stream;
        show(true);
        said.textContent = said.dataset.looking;
        await video.play();
        until = Date.now() + 60000;
        stop.focus();
        look();
      } catch { off("failed"); } // there is none, another program has it, or the reader said no
    });
    stop.addEventListener("click", () => { off(); start.focus(); });
    addEventListener("pagehide", () => off());
    box.hidden = false;
    if (location.hash === "#camera") start.click(); // asked for where this page was asked for
  }

  // The keys are shown over the page on which they are asked for: going there and back would lose a sheet that was posted.
  const keys = async (link) => {
    try {
      const answer = await fetch(link.href), main = $("main", read(await answer.text())), box = document.createElement("dialog"), shut = $("button[hidden]", main);
      if (answer.redirected) { location.reload(); return; }
      box.append(...main.children);
      box.setAttribute("aria-label", $("h1", box).textContent);
      shut.hidden = false;
      shut.addEventListener("click", () => box.close());
      box.addEventListener("close", () => box.remove());
      document.body.append(box);
      box.showModal();
    } catch { link.click(); } // without dialogs there is still the page
  };

  // Single keys, only when nobody is typing.
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || typing(e.target) || e.defaultPrevented) return;
    const shown = $("dialog");
    if (shown) { if (e.key === "?") shown.close(); return; }
    const to = { "/": "find", b: "board", "?": "keys", n: "new", h: "headcount", f: "flow" }[e.key];
    const link = to && $(`[data-key="${to}"]`);
    if (!link) return;
    e.preventDefault();
    if (link.matches("input")) { link.focus(); link.select(); } else if (to === "keys") keys(link); else link.click();
  });
})();
