// The shop's page. config.json says where the API is, and which region and instance serve it; the instance publishes it
// beside this file. Whatever others wrote (names, descriptions, problems) gets into the page as text, never as HTML.

const patience = 10_000; // milliseconds for an answer
const backOff = [1, 2, 4, 8, 15, 30]; // seconds
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const storageKey = "unishop.user";

const shop = {
  config: null,
  user: remembered(),
  unicorns: null, // null: not fetched yet
  basket: [],
  wanted: null, // what a stranger chose before logging in
  readOnly: false,
};

const byId = (id) => document.getElementById(id);
const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
const delay = (attempt) => backOff[Math.min(attempt, backOff.length - 1)] * (0.8 + 0.4 * Math.random()); // not all at once

// ---- Asking

/** Trouble is an answer that is no success. Status 0: there was none. */
class Trouble extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

async function ask(url, options) {
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(patience), ...options });
    return { ok: response.ok, status: response.status, answer: parsed(await response.text()) };
  } catch {
    return { ok: false, status: 0 };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readConfig() {
  const { ok, status, answer } = await ask("config.json");
  if (!ok && status) throw new Trouble(`The shop is closed here (config.json: ${status}). Perhaps another region serves it now.`);
  if (!ok) throw new Trouble("This site does not answer. Are you online?");
  if (!/^(https?:\/\/)?[\w.-]+(:\d+)?$/.test(answer?.host)) throw new Trouble(`config.json names no host, but ${JSON.stringify(answer?.host)}.`);
  return { ...answer, api: answer.host.includes("://") ? answer.host : `http://${answer.host}` };
}

async function call(method, path, body) {
  if (!shop.config) throw new Trouble("The shop is not open yet.");
  const { ok, status, answer } = await ask(`${shop.config.api}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  if (ok) return answer;
  if (!status) throw new Trouble(`The shop in ${shop.config.region} does not answer.`);
  throw new Trouble(`${answer?.detail ?? answer?.title ?? `The shop in ${shop.config.region} answered ${status}.`}`, status);
}

function list(answer) {
  if (!Array.isArray(answer)) throw new Trouble(`The shop in ${shop.config.region} sent something that is no list.`);
  return answer;
}

const catalogue = async () => list(await call("GET", "/unicorns"));
const basketOf = async (user) => list((await call("GET", `/unicorns/basket/${encodeURIComponent(user.uuid)}`))?.unicorns);

// ---- Opening: again and again, until everything is there

let opening = null;

function open() {
  opening ??= openAtLast().finally(() => {
    opening = null;
  });
  return opening;
}

async function openAtLast() {
  for (let attempt = 0; ; attempt++) {
    try {
      await visit();
      drawTrouble(null);
      return;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      drawTrouble(error);
      await countDown(delay(attempt));
    }
  }
}

async function visit() {
  shop.config = null; // after a failure the API may be elsewhere
  shop.config = await readConfig();
  drawPlace();
  drawCatalogue(await catalogue());
  await readBasket();
  if ((await databaseIsWriter()) === false) waitForWriter();
}

/** countDown shows the seconds until they are over, or the shopper has had enough of them. */
function countDown(seconds) {
  const end = Date.now() + 1000 * seconds;
  const show = () => {
    byId("countdown").textContent = `Trying again in ${Math.max(1, Math.ceil((end - Date.now()) / 1000))} s.`;
  };
  show();
  return new Promise((over) => {
    const ticking = setInterval(show, 500);
    const stop = () => {
      clearInterval(ticking);
      clearTimeout(ringing);
      byId("countdown").textContent = "Trying…";
      over();
    };
    const ringing = setTimeout(stop, 1000 * seconds);
    byId("try-now").onclick = stop;
  });
}

// ---- Read-only: until the database here is promoted

/** databaseIsWriter: true, false, or undefined when it is unknown. */
async function databaseIsWriter() {
  const { answer } = await ask(`${shop.config?.api}/health/dbping`);
  return answer?.writer;
}

async function waitForWriter() {
  if (shop.readOnly) return;
  drawReadOnly(true);
  for (let attempt = 1; ; attempt++) {
    await sleep(delay(attempt));
    if ((await databaseIsWriter()) === true) break;
  }
  drawReadOnly(false);
  say("The shop takes orders again.");
}

// ---- Changing something: one change after the other, so that the last answer is the latest

let lastChange = Promise.resolve();

/** change resolves to whether the change was made; if not, it has said why, and what is advised for this status. */
function change(work, advice) {
  const result = lastChange.then(async () => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      say(`${explained(error)} ${advice?.[error.status] ?? ""}`);
      return false;
    }
  });
  lastChange = result.catch(() => {}); // a mistake in one change does not hold up the next
  return result;
}

function explained(error) {
  if (error.status === 0) open();
  if (error.status !== 503) return error.message;
  waitForWriter();
  return "The shop is read-only for now, so nothing was changed. Please try again a little later.";
}

// ---- Basket

async function readBasket() {
  const reader = shop.user;
  byId("chosen").ariaBusy = "true";
  try {
    const basket = reader ? await basketOf(reader) : [];
    if (reader === shop.user) drawBasket(basket);
  } catch (error) {
    if (error.status !== 404) throw error;
    // The user was among the writes that a failover lost, or belongs to a shop that is gone.
    logOut("The shop does not know your account any more. Please sign up again.");
  } finally {
    byId("chosen").ariaBusy = "false";
  }
}

const isChosen = (unicorn) => shop.basket.some(({ uuid }) => uuid === unicorn.uuid);

async function toggle(unicorn) {
  if (!shop.user) {
    shop.wanted = unicorn;
    openDialog("log-in");
    return;
  }
  await move(unicorn, isChosen(unicorn) ? "DELETE" : "POST");
}

async function move(unicorn, method) {
  const done = await change(async () => {
    try {
      await call(method, "/unicorns/basket", { uuid: shop.user.uuid, unicornUuid: unicorn.uuid });
    } catch (error) {
      if (error.status !== 404) throw error;
      await readBasket(); // the user unknown: that is said and done there
      if (shop.user) throw error; // the unicorn
      return;
    }
    await readBasket();
  });
  if (done && shop.user) say(`${unicorn.name} is ${method === "POST" ? "in" : "out of"} your basket.`);
}

// ---- Account

function remembered() {
  try {
    const user = JSON.parse(localStorage.getItem(storageKey));
    return user?.uuid ? user : null;
  } catch {
    return null; // no storage, or not ours
  }
}

function remember(user) {
  shop.user = user && { uuid: user.uuid, email: user.email, name: `${user.firstName ?? ""} ${user.lastName ?? ""}`.trim() };
  try {
    if (user) localStorage.setItem(storageKey, JSON.stringify(shop.user));
    else localStorage.removeItem(storageKey);
  } catch {
    // no storage: the log-in lasts as long as the page
  }
}

const nameOf = (user) => user?.name || user?.email || ""; // a name may be empty

async function logIn(user) {
  const wanted = shop.wanted;
  remember(user);
  openDialog(null);
  drawAccount();
  say(`Welcome, ${nameOf(shop.user)}.`);
  await change(readBasket);
  if (wanted && shop.user && !isChosen(wanted)) await move(wanted, "POST");
}

function logOut(farewell) {
  remember(null);
  drawAccount();
  drawBasket([]);
  say(farewell);
}

/** serve makes the form of a dialog post its fields; the answer is a user. */
function serve(id, path, advice) {
  const form = byId(id).querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    say("");
    const fields = [...new FormData(form)].map(([name, value]) => [name, value.trim()]);
    let user;
    const done = await change(async () => {
      user = await call("POST", path, Object.fromEntries(fields));
    }, advice);
    form.ariaBusy = "false";
    if (!done) return;
    form.reset();
    await logIn(user);
  });
}

// ---- Dialogs: one at a time. They hold the focus, close with Escape, and give the focus back, all by themselves.

function openDialog(id) {
  const before = document.querySelector("dialog[open]");
  const email = before?.querySelector("[type=email]")?.value;
  before?.close();
  if (!id) return;
  const dialog = byId(id);
  const why = dialog.querySelector(".why");
  if (why) why.hidden = !shop.wanted;
  if (why && shop.wanted) why.textContent = `Then ${shop.wanted.name} goes into your basket.`;
  if (email) dialog.querySelector("[type=email]").value = email;
  dialog.querySelector(".problem").textContent = "";
  dialog.showModal();
}

function serveDialogs() {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => {
      if (!button.closest("dialog")) shop.wanted = null;
      openDialog(button.dataset.opens);
    });
  }
  for (const button of document.querySelectorAll("[data-closes]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
}

// ---- Drawing

let forgetting = 0;

/** say shows the shopper a text, and has a screen reader read it: in the open dialog, for the page behind it is inert, or in the page. */
function say(text) {
  const place = document.querySelector("dialog[open] .problem") ?? byId("news");
  place.textContent = text;
  clearTimeout(forgetting);
  if (place.id === "news") forgetting = setTimeout(() => place.replaceChildren(), 7000);
}

function drawPlace() {
  byId("region").textContent = shop.config?.region ?? "no region";
  byId("instance").textContent = shop.config?.instance ?? "";
}

function drawTrouble(error) {
  byId("place").dataset.state = error ? "trouble" : "open";
  byId("trouble").hidden = !error;
  byId("trouble-text").textContent = error?.message ?? "";
  if (!error) return;
  drawPlace();
  stopLoading();
}

function drawReadOnly(readOnly) {
  shop.readOnly = readOnly;
  byId("read-only").hidden = !readOnly;
  byId("writing").hidden = !readOnly;
}

function copyOf(template) {
  return byId(template).content.firstElementChild.cloneNode(true);
}

function drawLoading() {
  byId("unicorns").replaceChildren(...Array.from({ length: 8 }, () => copyOf("skeleton")));
}

function stopLoading() {
  byId("catalogue").ariaBusy = "false";
  byId("loading").textContent = "";
  if (!shop.unicorns) byId("unicorns").replaceChildren();
}

function drawCatalogue(unicorns) {
  const same = JSON.stringify(unicorns) === JSON.stringify(shop.unicorns);
  shop.unicorns = unicorns;
  stopLoading();
  if (!same) byId("unicorns").replaceChildren(...unicorns.map(card)); // else the focus would be lost for nothing
}

function card(unicorn) {
  const item = copyOf("card");
  item.dataset.uuid = unicorn.uuid;
  item.querySelector("h3").textContent = unicorn.name;
  item.querySelector(".description").textContent = unicorn.description;
  item.querySelector(".price").textContent = money.format(unicorn.price);
  item.querySelector("button").addEventListener("click", () => toggle(unicorn));
  drawPicture(item.querySelector("img"), unicorn, `Drawing of ${unicorn.name}`);
  drawChoice(item, unicorn);
  return item;
}

function drawPicture(image, unicorn, text) {
  image.addEventListener("error", () => (image.src = "favicon.svg"), { once: true });
  image.alt = text;
  image.src = `pictures/${encodeURIComponent(unicorn.image)}`; // a file name, whatever it says
}

function drawChoice(item, unicorn) {
  const chosen = isChosen(unicorn);
  const button = item.querySelector("button");
  item.classList.toggle("is-chosen", chosen);
  button.className = chosen ? "btn btn-outline-primary" : "btn btn-primary";
  button.textContent = chosen ? "Remove" : "Add to basket";
  button.setAttribute("aria-label", `${button.textContent}: ${unicorn.name}`);
}

function drawBasket(basket) {
  shop.basket = basket;
  const total = basket.reduce((sum, { price }) => sum + Number(price), 0);
  const count = basket.length === 1 ? "1 unicorn" : `${basket.length} unicorns`;
  for (const place of document.querySelectorAll("[data-basket=count]")) place.textContent = place.closest("dialog") ? count : basket.length;
  for (const place of document.querySelectorAll("[data-basket=total]")) place.textContent = money.format(total);
  byId("chosen").replaceChildren(...basket.map(line));
  byId("nothing").hidden = basket.length > 0 || !shop.user;
  for (const item of byId("unicorns").children) {
    const unicorn = shop.unicorns?.find(({ uuid }) => uuid === item.dataset.uuid);
    if (unicorn) drawChoice(item, unicorn);
  }
}

function line(unicorn) {
  const item = copyOf("line");
  const button = item.querySelector("button");
  item.querySelector(".line-name").textContent = unicorn.name;
  item.querySelector(".price").textContent = money.format(unicorn.price);
  drawPicture(item.querySelector("img"), unicorn, "");
  button.setAttribute("aria-label", `Remove: ${unicorn.name}`);
  button.addEventListener("click", async () => {
    const position = [...byId("chosen").children].indexOf(item);
    await move(unicorn, "DELETE");
    const remaining = byId("chosen").querySelectorAll("button");
    (remaining[Math.min(position, remaining.length - 1)] ?? byId("basket-title")).focus(); // the button that had it is gone
  });
  return item;
}

function drawAccount() {
  const { activeElement } = document;
  byId("guest").hidden = Boolean(shop.user);
  byId("customer").hidden = !shop.user;
  byId("stranger").hidden = Boolean(shop.user);
  byId("name").textContent = nameOf(shop.user);
  if (activeElement?.closest("[hidden]")) document.querySelector(".basket-button").focus();
}

serveDialogs();
serve("log-in", "/user/login", { 400: "If you are new here, sign up." });
serve("sign-up", "/user", { 409: "Log in instead." });
byId("log-out").addEventListener("click", () => logOut("You are logged out. Your basket waits for you."));
drawAccount();
drawBasket([]);
drawLoading();
open();
