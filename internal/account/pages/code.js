// A mailed link carries its code in the fragment, which no browser sends: it is put into the form, and taken
// out of the address before anybody looks at the history.
function take() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (/^[0-9A-Z-]{20,30}$/.test(code)) {
    document.getElementById("code").value = code;
    document.getElementById("password").focus();
    history.replaceState(null, "", location.pathname + location.search);
  }
}
take();
addEventListener("hashchange", take); // the link was opened where the page already is
