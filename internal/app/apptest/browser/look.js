// What the tests ask of a page. Each is an expression of its own, named by the line before it.
//
//: contrast
(() => {
  // Contrast of all text, by WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (css) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const f = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const over = (top, under) => { const a = top[3] / 255; return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a)).concat(255); };
  const ground = (e) => { if (!e) return rgba("Canvas"); const c = rgba(getComputedStyle(e).backgroundColor); return c[3] === 255 ? c : over(c, ground(e.parentElement)); };
  const poor = [];
  for (const e of document.body.querySelectorAll("*")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest("svg")) continue;
    const below = ground(e), ink = over(rgba(getComputedStyle(e).color), below);
    const [a, b] = [light(ink), light(below)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className + ": " + e.textContent.trim().slice(0, 40));
  }
  return poor;
})()
//: states
(() => {
  // Gives the labels of clauses each state there is, in turn, so that every colour is measured.
  const states = ["kept", "attested", "at-risk", "broken", "unkept", "stated"], labels = document.querySelectorAll(".state");
  labels.forEach((e, i) => { e.className = "state " + states[i % states.length]; e.firstElementChild.className = "mark " + states[i % states.length]; });
  return labels.length;
})()
//: headings
[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((e) => +e.tagName[1])
//: wide
(() => {
  // What reaches out of the window, other than what scrolls in a box of its own.
  const boxed = (e) => e && e !== document.body && (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX) || boxed(e.parentElement));
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !boxed(e)).map((e) => e.tagName + "." + e.className);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) out.push("the page scrolls sideways");
  return out;
})()
//: dangling
[...document.querySelectorAll("a[href^='#']")].map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id))
//: twice
[...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)
//: nameless
[...document.querySelectorAll("a,button,input:not([type=hidden]),summary,[role=img],[role=region]")].filter((e) => !(e.textContent.trim() || e.labels?.length || e.getAttribute("aria-label") || document.getElementById(e.getAttribute("aria-labelledby")))).map((e) => e.outerHTML.slice(0, 80))
//: text
document.body.innerText
//: landmarks
["header", "nav", "main"].filter((name) => document.querySelectorAll("body > " + name + ", main > " + name + ", body > header > " + name).length !== 1).concat([...document.querySelectorAll("body > footer")].slice(1).map((e) => e.tagName))
