// Has the browser make a passkey, or sign in with one, and sends what it answers in the page's own form.
// Without a script, or in a browser that knows no passkeys, the form stays hidden.
const form = document.getElementById("passkey");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function ask() {
  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
  const making = Boolean(options.user);
  if (making) options.user.id = bytes(options.user.id);
  const key = await navigator.credentials[making ? "create" : "get"]({ publicKey: options });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (key.response[part]) response[part] = text(key.response[part]);
  }
  return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} });
}

if (form && window.PublicKeyCredential) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = form.querySelector("[role=status]");
    status.textContent = "";
    try {
      form.elements.response.value = await ask();
      form.submit();
    } catch (e) {
      status.textContent = e.name === "InvalidStateError" && form.dataset.known ? form.dataset.known : form.dataset.not;
    }
  });
}
