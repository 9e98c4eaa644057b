/* Small helpers of the panel. Every page works without them; texts come from the page. */
(function () {
  "use strict";
  var doc = document, root = doc.documentElement;
  root.classList.add("crm-js");
  function all(sel, at) { return Array.prototype.slice.call((at || doc).querySelectorAll(sel)); }
  function fill(text, args) { return text.replace(/\{(\d)\}/g, function (_, i) { return args[i]; }); }
  function num(n) { return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ","); }

  /* ---- notices ---- */
  function toast(el) {
    var box = doc.getElementById("toasts"), open = doc.querySelector("dialog[open]");
    if (open) { // what stands beside a dialog cannot be reached
      box = open.querySelector(".crm-toasts") || open.appendChild(box.cloneNode());
      box.removeAttribute("id");
    }
    box.appendChild(el);
    if (el.getAttribute("role") === "alert") return; // errors stay until they are closed
    var timer, start = function () { timer = setTimeout(function () { el.remove(); }, 6000); };
    ["mouseenter", "focusin"].forEach(function (e) { el.addEventListener(e, function () { clearTimeout(timer); }); });
    ["mouseleave", "focusout"].forEach(function (e) { el.addEventListener(e, start); });
    start();
  }
  function say(text, role) {
    var el = doc.getElementById("toast").content.firstElementChild.cloneNode(true);
    el.setAttribute("role", role);
    if (role === "status") el.firstElementChild.remove();
    el.querySelector("[data-slot]").textContent = text;
    toast(el);
  }
  doc.addEventListener("htmx:responseError", function (e) {
    var page = new DOMParser().parseFromString(e.detail.xhr.responseText, "text/html");
    var el = page.querySelector(".crm-toast");
    if (el) toast(doc.importNode(el, true)); else say(doc.body.dataset.offline, "alert");
  });
  doc.addEventListener("htmx:sendError", function (e) {
    if (!/every /.test(e.detail.elt.getAttribute("hx-trigger") || "")) say(doc.body.dataset.offline, "alert");
  });

  /* ---- dialogs, menus, copying, writing ---- */
  function ready(at) {
    all("dialog[data-open]", at).forEach(function (d) { 
      d.removeAttribute("data-open");
      all("#composer [aria-invalid]").forEach(mended);
      if (doc.getElementById("problems")) doc.getElementById("problems").remove();
      if (d.showModal) d.showModal();
    });
    all("form[data-auto]", at).forEach(function (f) { if (!f.dataset.sent) { f.dataset.sent = "1"; f.submit(); } });
    var focus = at.querySelector("[data-focus]");
    if (focus) { focus.removeAttribute("data-focus"); focus.focus(); }
    all(".crm-toast[data-new]").forEach(function (t) { t.removeAttribute("data-new"); toast(t); });
    if (doc.getElementById("bulk")) restore();
  }
  doc.addEventListener("click", function (e) {
    var t = e.target.closest ? e.target : e.target.parentElement, hit;
    if (!t) return;
    all("details.crm-menu[open]").forEach(function (d) { if (!d.contains(t)) d.open = false; });
    if (t.closest("[data-dismiss]")) t.closest(".crm-toast").remove();
    else if (t.closest("[data-close]")) t.closest("dialog").close();
    else if (t.closest("[data-close-menu]")) { e.preventDefault(); hit = t.closest("details"); hit.open = false; hit.firstElementChild.focus(); }
    else if ((hit = t.closest("[data-copy]"))) copy(hit);
    else if ((hit = t.closest("[data-insert]"))) { hit.closest("details").open = false; wrap(hit, hit.dataset.insert, ""); }
    else if ((hit = t.closest("[data-wrap]"))) wrap.apply(null, [hit].concat(hit.dataset.wrap.split("|")));
    else select(e, t);
  });
  doc.addEventListener("keydown", function (e) {
    var menu = e.key === "Escape" && e.target.closest && e.target.closest("details.crm-menu[open]");
    if (menu) { menu.open = false; menu.firstElementChild.focus(); }
    if (e.key === "Enter" && e.target.type === "search" && e.target.closest(".crm-pop")) e.preventDefault();
  });
  function copy(button) {
    var text = button.dataset.copy || location.href, done = function () { say(button.dataset.done, "status"); };
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(done); return; }
    var box = doc.createElement("textarea");
    box.value = text;
    doc.body.appendChild(box);
    box.select();
    if (doc.execCommand("copy")) done();
    box.remove();
    button.focus();
  }
  function wrap(button, before, after) { // puts something around what is selected in a field
    var f = doc.getElementById(button.dataset.into), from = f.selectionStart, to = f.selectionEnd;
    f.focus();
    f.setRangeText(before + f.value.slice(from, to) + after, from, to, "end");
    if (after && from === to) f.selectionStart = f.selectionEnd = from + before.length;
    f.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function mended(field) { // an error stands until the field is changed or the form is found right
    var text = doc.getElementById(field.id.replace(/^c-/, "x-"));
    field.removeAttribute("aria-invalid");
    if (text) text.remove();
  }
  var output = /\{\{[^{}]*\}\}/g;
  function length(text, sms) { // of an SMS: units and parts, with the signature and without variables
    if (sms === undefined) return [num(Array.from(text.replace(output, "xxx")).length)];
    var n = text.replace(output, "").length + +sms;
    return [num(n), n > 70 ? Math.ceil(n / 67) : 1];
  }
  doc.addEventListener("input", function (e) {
    if (e.target.getAttribute("aria-invalid") && e.target.closest("#composer,#template")) mended(e.target);
    if (e.target.dataset.check) doc.getElementById(e.target.dataset.check).checked = true;
    var out = e.target.id && doc.querySelector('[data-count-of="' + e.target.id + '"]');
    if (out) out.textContent = e.target.value ? fill(out.dataset.text, length(e.target.value, out.dataset.sms)) : "";
  });

  /* ---- what is typed while an answer is on its way is not lost ---- */
  var typed = null, folds = {}, near = [], opener = null, asked = null;
  doc.addEventListener("focusin", function (e) { if (!e.target.closest("dialog")) opener = e.target; });
  doc.addEventListener("close", function (e) { // a button that was off while the answer came is not gone back to by itself
    if (doc.activeElement === doc.body || e.target.contains(doc.activeElement)) focus(opener);
  }, true);
  doc.addEventListener("htmx:beforeRequest", function (e) { if (e.detail.elt.contains(doc.activeElement)) asked = doc.activeElement; });
  doc.addEventListener("htmx:afterRequest", function () { // now it is on again
    if (asked && doc.activeElement === doc.body) focus(asked);
    asked = null;
  });
  doc.addEventListener("htmx:beforeSwap", function () {
    all("details[id]").forEach(function (d) { folds[d.id] = d.open; });
    var a = doc.activeElement === doc.body && asked || doc.activeElement;
    near = a && a !== doc.body ? [a.id].concat(after(a)) : [];
    typed = a && a.id && /^(INPUT|TEXTAREA)$/.test(a.tagName) && !/^(checkbox|radio|hidden)$/.test(a.type) ? { id: a.id, value: a.value, was: a } : null;
  });
  doc.addEventListener("htmx:afterSwap", function () {
    var now = typed && doc.getElementById(typed.id);
    if (now && now !== typed.was && now.value !== typed.value) {
      now.value = typed.value;
      now.dispatchEvent(new Event("input", { bubbles: true }));
    }
    typed = null;
    all("details[id]").forEach(function (d) { if (d.id in folds) d.open = folds[d.id]; });
    folds = {};
    ready(doc.body);
    if (near.length && doc.activeElement === doc.body) near.concat(opener).some(focus); // what had it is gone, or was folded
    near = [];
  });
  function focus(a) { // an element or its id; says whether it takes the focus
    var el = a && (a.isConnected ? a : doc.getElementById(a.id || a));
    if (el) el.focus({ preventScroll: true });
    return el && (doc.activeElement === el || el.disabled && el === asked);
  }
  function after(a) { // the ids of what Tab would have come to
    return all("a[id],button[id],input[id],select[id],textarea[id]").filter(function (el) {
      return a.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING;
    }).slice(0, 40).map(function (el) { return el.id; });
  }

  /* ---- ticking people: ids of this and other pages, or all but some ---- */
  var kept = { query: null, mode: "ids", ids: {}, total: -1 };
  function boxes() { return all('#bulk input[name="person"]'); }
  function query() { var f = doc.getElementById("bulk"); return all('input[name="q"],input[name="s"],input[name="query"],input[name="x"]', f).map(function (i) { return i.name + i.value; }).join(); }
  function restore() { // a page of the list came: its ticks are those that were made
    var total = +doc.getElementById("aud-table").dataset.total;
    if (kept.query !== query()) {
      kept = { query: query(), mode: doc.querySelector("#bulk [data-mode]").value, ids: {}, total: total };
    }
    if (total >= 0) kept.total = total;
    boxes().forEach(function (b) { b.checked = (kept.mode === "all") !== !!kept.ids[b.value]; });
    show();
  }
  function show() {
    var form = doc.getElementById("bulk"), bar = doc.getElementById("bulk-bar");
    if (!bar) return;
    var list = Object.keys(kept.ids), every = kept.mode === "all";
    var n = every ? Math.max(kept.total - list.length, 0) : list.length;
    var here = boxes(), ticked = here.filter(function (b) { return b.checked; }).length;
    boxes().forEach(function (b) { b.closest("tr").setAttribute("aria-selected", b.checked); });
    form.querySelector("[data-mode]").value = kept.mode;
    var slot = form.querySelector("[data-kept]"), onPage = {};
    here.forEach(function (b) { onPage[b.value] = true; });
    slot.textContent = "";
    list.forEach(function (id) {
      if (onPage[id]) return;
      var i = doc.createElement("input");
      i.type = "hidden"; i.name = every ? "off" : "on"; i.value = id;
      slot.appendChild(i);
    });
    var head = form.querySelector("[data-tick-page]");
    head.checked = ticked > 0 && ticked === here.length;
    head.indeterminate = ticked > 0 && ticked < here.length;
    bar.dataset.n = n;
    var text = bar.querySelector("[data-text-some]"), minus = bar.querySelector("[data-text-minus]");
    text.textContent = kept.total >= 0 ? fill(text.dataset.textSome, [num(n), num(kept.total)]) : fill(text.dataset.textAll, [num(n)]);
    minus.textContent = every && list.length ? fill(minus.dataset.textMinus, [num(list.length)]) : "";
    all("[data-mode-all]", bar).forEach(function (a) { a.hidden = every; });
    all("[data-mode-page]", bar).forEach(function (a) { a.hidden = !every; });
  }
  function mark(b) { if ((kept.mode === "all") !== b.checked) kept.ids[b.value] = 1; else delete kept.ids[b.value]; }
  doc.addEventListener("change", function (e) {
    if (!e.target.closest("#bulk")) return;
    if (e.target.matches("[data-tick-page]")) boxes().forEach(function (b) { b.checked = e.target.checked; mark(b); });
    else if (e.target.name === "person") mark(e.target);
    else return;
    show();
  });
  function select(e, t) {
    var a = t.closest("[data-mode-all],[data-mode-page],[data-mode-none]");
    if (!a) return;
    e.preventDefault();
    kept.mode = a.matches("[data-mode-all]") ? "all" : "ids";
    kept.ids = {};
    boxes().forEach(function (b) { b.checked = !a.matches("[data-mode-none]"); mark(b); });
    show();
  }

  doc.addEventListener("DOMContentLoaded", function () { ready(doc.body); });
})();
