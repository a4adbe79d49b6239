// Opens every page that is offered to each role, at three widths, and says what is wrong with it.
//
//   node crawl.mjs <settings.json>
//
// settings: {"url": "http://127.0.0.1:8470", "chromium": "/usr/bin/chromium", "pictures": "folder",
//            "roles": [{"name": "submit", "key": "gouji_…"}], "start": ["/", "/help"]}
// A role without a key sends none. Prints one line for each fault; the exit status is 1 if there is one.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const WIDTHS = [[1280, 800], [1440, 900], [390, 844]];
// Addresses of one shape are tried so often: they show the same page with other filters.
const OF_ONE_SHAPE = 3;
// What no page may say to people: places in bytes, values of programs, paths of the server.
const NEVER = [/字节\d+至\d+/, /\bundefined\b/, /\bNaN\b/, /\[object Object\]/, /(^|[^\w/.])\/(tmp|work|home|root|var)\/\w/];

const faults = [];
const fault = (role, address, what) => {
  faults.push(what);
  console.log(`${role} ${address}: ${what}`);
};

mkdirSync(settings.pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox'] });
for (const role of settings.roles) await crawl(role);
await browser.close();
console.log(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

async function crawl(role) {
  const extraHTTPHeaders = role.key ? { authorization: `Bearer ${role.key}` } : {};
  const context = await browser.newContext({ extraHTTPHeaders, locale: 'zh-CN', timezoneId: 'America/New_York' });
  const waiting = [...settings.start];
  const tried = new Map();
  const pages = new Map();
  while (waiting.length > 0) {
    const address = waiting.shift();
    const shape = shapeOf(address);
    const times = tried.get(shape) ?? 0;
    if (times >= OF_ONE_SHAPE) continue;
    tried.set(shape, times + 1);
    if (!isPage(address)) {
      await download(context, role, address);
      continue;
    }
    const page = await context.newPage();
    const seen = await look(page, role, address, WIDTHS[0]);
    if (times === 0) {
      pages.set(shape, address);
      await accessible(page, role, address);
      await press(page, role, address);
    }
    await page.close();
    waiting.push(...seen.filter((link) => (tried.get(shapeOf(link)) ?? 0) < OF_ONE_SHAPE));
  }
  for (const size of WIDTHS.slice(1)) {
    for (const address of pages.values()) {
      const page = await context.newPage();
      await look(page, role, address, size);
      await page.close();
    }
  }
  console.log(`${role.name}: ${pages.size} pages`);
  await context.close();
}

// Opens a page and returns the addresses that it offers.
async function look(page, role, address, [width, height]) {
  const complaints = listen(page);
  await page.setViewportSize({ width, height });
  const where = `${address} at ${width}`;
  const answer = await page.goto(settings.url + address, { waitUntil: 'load' });
  if (!answer.ok()) {
    fault(role.name, where, `answers ${answer.status()}`);
    return [];
  }
  await page.screenshot({ path: join(settings.pictures, `${role.name}-${width}-${nameOf(address)}.png`) });
  const found = await page.evaluate(() => ({
    text: document.body.innerText,
    headings: document.querySelectorAll('h1').length,
    wide: document.documentElement.scrollWidth - window.innerWidth,
    links: [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href')),
  }));
  for (const complaint of complaints) fault(role.name, where, complaint);
  if (found.headings !== 1) fault(role.name, where, `has ${found.headings} main headings`);
  if (found.wide > 0) fault(role.name, where, `is ${found.wide} pixels too wide`);
  for (const pattern of NEVER) {
    const said = found.text.match(pattern);
    if (said) fault(role.name, where, `says ${JSON.stringify(said[0])}`);
  }
  return found.links.map((link) => local(link, address)).filter(Boolean);
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

// Presses every button that sends no form, and opens every detail.
async function press(page, role, address) {
  const complaints = listen(page);
  const buttons = page.locator('button[type=button]:visible, summary:visible');
  for (let number = 0; number < await buttons.count(); number += 1) {
    const button = buttons.nth(number);
    if (await button.isEnabled()) await button.click({ timeout: 5000 }).catch(() => {});
    await page.keyboard.press('Escape');
    if (new URL(page.url()).pathname !== new URL(settings.url + address).pathname) break;
  }
  for (const complaint of complaints) fault(role.name, address, `after its buttons: ${complaint}`);
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

function nameOf(address) {
  return shapeOf(address).replace(/[^\w]+/g, '-').replace(/^-|-$/g, '') || 'start';
}
