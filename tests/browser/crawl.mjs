// Opens every page that is offered to each role, at several widths, and says what is wrong with it.
//
//   node crawl.mjs <settings.json>
//
// settings: {"url": "http://127.0.0.1:8470", "chromium": "/usr/bin/chromium", "pictures": "folder",
//            "roles": [{"name": "submit", "key": "gouji_…", "widths": [[1280, 800], [390, 844]], "reports": 6,
//                       "start": ["/", "/help"],
//                       "forms": [{"page": "/users/new", "fill": {"input[name=name]": "zhangsan"}, "press": "button"}]}]}
// A role without a key sends none. At the first of its widths a page is opened; then its window changes, unless another
// role had a page of the same elements. "reports" is how many reports the role opens. A form is filled in and sent, and
// what comes is looked at like a page. Prints one line for each fault; the exit status is 1 if there is one.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// Axe looks at a page at the first width of its role and where a phone shows it.
const PHONE = 390;
// Pages of one shape differ in their filters, so one of them stands for all; reports differ in how their original is
// shown, so a role looks at several.
const OF_ONE_SHAPE = 1;
// What no page may say to people: places in bytes, values of programs, paths of the server.
const NEVER = [/字节\d+至\d+/, /\bundefined\b/, /\bNaN\b/, /\[object Object\]/, /(^|[^\w/.])\/(tmp|work|home|root|var)\/\w/];

const faults = [];
const fault = (role, address, what) => {
  faults.push(what);
  console.log(`${role} ${address}: ${what}`);
};

mkdirSync(settings.pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox'] });
// What pages are made of that were looked at already, by whatever role: their elements and classes.
const known = new Set();
await Promise.all(settings.roles.map(crawl));
await browser.close();
console.log(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

async function crawl(role) {
  const extraHTTPHeaders = role.key ? { authorization: `Bearer ${role.key}` } : {};
  const context = await browser.newContext({ extraHTTPHeaders, locale: 'zh-CN', timezoneId: 'America/New_York' });
  const page = await context.newPage();
  const complaints = listen(page);
  const waiting = [...role.start];
  const tried = new Map();
  let pages = 0;
  while (waiting.length > 0) {
    const address = waiting.shift();
    const shape = shapeOf(address);
    const times = tried.get(shape) ?? 0;
    if (times >= limitOf(role, shape)) continue;
    tried.set(shape, times + 1);
    if (!isPage(address)) {
      await download(context, role, address);
      continue;
    }
    pages += 1;
    complaints.length = 0;
    const links = await look(page, role, address, `${nameOf(address)}${times === 0 ? '' : `-${times + 1}`}`);
    if (links.length > 0) await press(page);
    for (const complaint of complaints) fault(role.name, address, complaint);
    waiting.push(...links.filter((link) => (tried.get(shapeOf(link)) ?? 0) < limitOf(role, shapeOf(link))));
  }
  for (const form of role.forms ?? []) {
    complaints.length = 0;
    await send(page, role, form);
    for (const complaint of complaints) fault(role.name, form.page, complaint);
  }
  console.log(`${role.name}: ${pages} pages of ${tried.size} kinds`);
  await context.close();
}

// Opens a page, looks at it at each width, and returns the addresses that it offers.
async function look(page, role, address, name) {
  await resize(page, role.widths[0]);
  let answer;
  try {
    answer = await page.goto(settings.url + address, { waitUntil: 'load' });
  } catch (error) {
    // What is sent as a file opens no page.
    if (!error.message.includes('Download is starting')) throw error;
    await download(page.context(), role, address);
    return [];
  }
  if (!answer.ok()) {
    fault(role.name, address, `answers ${answer.status()}`);
    return [];
  }
  return inspect(page, role, address, name);
}

// Looks at the page that is open, at each width of the role.
async function inspect(page, role, address, name) {
  const found = await page.evaluate(() => ({
    text: document.body.innerText,
    headings: document.querySelectorAll('h1').length,
    links: [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href')),
    parts: [...new Set([...document.querySelectorAll('body *')].map((one) => `${one.localName}.${one.className}`))],
  }));
  if (found.headings !== 1) fault(role.name, address, `has ${found.headings} main headings`);
  for (const pattern of NEVER) {
    const said = found.text.match(pattern);
    if (said) fault(role.name, address, `says ${JSON.stringify(said[0])}`);
  }
  const links = found.links.map((link) => local(link, address)).filter(Boolean);
  const structure = found.parts.sort().join(' ');
  if (known.has(structure)) return links;
  known.add(structure);
  for (const size of role.widths) {
    await resize(page, size);
    const [width] = size;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) fault(role.name, `${address} at ${width}`, `is ${wide} pixels too wide`);
    await page.screenshot({ path: join(settings.pictures, `${role.name}-${width}-${name}.png`) });
    if (size === role.widths[0] || width === PHONE) await accessible(page, role, `${address} at ${width}`);
  }
  await resize(page, role.widths[0]);
  return links;
}

async function resize(page, [width, height]) {
  await page.setViewportSize({ width, height });
}

// Fills in a form of a page and sends it, and looks at what comes.
async function send(page, role, form) {
  await page.goto(settings.url + form.page, { waitUntil: 'load' });
  for (const [field, value] of Object.entries(form.fill)) {
    const element = page.locator(field).first();
    const kind = await element.evaluate((one) => (one.type === 'file' ? 'file' : one.localName));
    if (kind === 'file') await element.setInputFiles(value);
    else if (kind === 'select') await element.selectOption(value);
    else await element.fill(value);
  }
  await Promise.all([page.waitForEvent('load'), page.locator(form.press).first().click()]);
  await inspect(page, role, form.page, `${nameOf(form.page)}-sent`);
}

// What the page complains of while it is open.
function listen(page) {
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()} answers ${response.status()}`);
  });
  return complaints;
}

async function accessible(page, role, address) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, help, nodes } of violations) {
    fault(role.name, address, `axe ${id}: ${help} (${nodes.length}: ${nodes[0].target.join(' ')})`);
  }
}

// Presses every button that sends no form, and opens every detail, as long as the page stays.
async function press(page) {
  const { pathname } = new URL(page.url());
  const buttons = page.locator('button[type=button]:visible, summary:visible');
  for (let number = 0; number < await buttons.count(); number += 1) {
    const button = buttons.nth(number);
    if (await button.isEnabled()) await button.click({ timeout: 2000 }).catch(() => {});
    await page.keyboard.press('Escape');
    if (new URL(page.url()).pathname !== pathname) break;
  }
}

async function download(context, role, address) {
  const answer = await context.request.get(settings.url + address);
  if (answer.status() >= 400) fault(role.name, address, `is offered and answers ${answer.status()}`);
  await answer.dispose();
}

// The address of a link on a page of ours, without its fragment; none if it leads elsewhere.
function local(link, from) {
  const url = new URL(link, settings.url + from);
  if (url.origin !== new URL(settings.url).origin) return null;
  return url.pathname + url.search;
}

function isPage(address) {
  const { pathname } = new URL(settings.url + address);
  return !pathname.startsWith('/api/') && !/\.\w+$/.test(pathname);
}

// An address without what differs between pages of one kind.
function shapeOf(address) {
  const { pathname, searchParams } = new URL(settings.url + address);
  const path = pathname.split('/').map((part) => (/[0-9a-f]{16,}/.test(part) || /^\d+$/.test(part) ? '*' : part));
  const kinds = ['format', 'shape', 'tab', 'kind', 'by'].map((name) => searchParams.get(name) ?? '');
  return `${path.join('/')} ${kinds.join(' ')}`.trimEnd();
}

function limitOf(role, shape) {
  return shape === '/reports/*' ? role.reports : OF_ONE_SHAPE;
}

function nameOf(address) {
  return shapeOf(address).replace(/[^\w]+/g, '-').replace(/^-|-$/g, '') || 'start';
}
