// A whole January of a disclosure office, as its people do it in the browser.
//
//   node january.mjs <settings.json>
//
// settings: {"url", "chromium", "pictures", "keys": {"submit", "review", "lead"}, "roster": file, "region", "year",
//            "first": [files of every agency], "corrected": [files], "failing": count, "deadline": "2026-02-15"}
// Prints each step with its seconds; ends with an error at the first step that does not work.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const PATIENCE_MS = 120_000;
const complaints = [];
let clicks = 0;

mkdirSync(settings.pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox'] });
const people = {};
for (const [name, key] of Object.entries(settings.keys)) people[name] = await person(name, key);
const { submit, review, lead } = people;
const agencies = settings.first.length;

await step('the roster is tried and taken in', async () => {
  await lead.goto('/roster');
  await lead.setInputFiles('form[action="/roster/import"] input[type=file]', settings.roster);
  await click(lead, 'form[action="/roster/import"] button');
  await click(lead, 'form[action="/roster/confirm"] button');
  await lead.goto(`/roster?region=${settings.region}&year=${settings.year}`);
  await counted(lead, '未报送', agencies);
});

await step('every agency sends its report', async () => {
  await send(settings.first, agencies);
  await lead.goto(`/roster?region=${settings.region}&year=${settings.year}`);
  await counted(lead, '未报送', 0);
});

await step('the reviewer returns every report with errors', async () => {
  await review.goto(`/review?tab=pending&severity=error&region=${settings.region}`);
  await act(review, settings.failing, 'returned', async (actions) => {
    await actions.locator('input[name=deadline]').fill(settings.deadline);
    await actions.locator('input[name=note]').fill('请按所附意见更正后重新报送。');
  });
  await until(review, `/review?tab=returned&region=${settings.region}`, settings.failing);
});

await step('the letters are out', async () => {
  const address = `/api/v1/letters?review=returned&region=${settings.region}&year=${settings.year}`;
  const answer = await review.request.get(settings.url + address, { headers: header(settings.keys.review) });
  assert.equal(answer.status(), 200, await answer.text());
  const body = await answer.body();
  assert.equal(body.subarray(0, 2).toString(), 'PK');
  const names = body.toString('latin1').match(/\.docx/g) ?? [];
  // A ZIP names each file twice: before its bytes and in the list at the end.
  assert.equal(names.length, 2 * settings.failing);
});

await step('an agency finds what was returned to it', async () => {
  await submit.goto('/documents');
  await submit.locator('main a[href^="/reports/"]').first().waitFor();
  await submit.screenshot({ path: join(settings.pictures, 'january-documents-of-an-agency.png') });
});

await step('the agencies send again', async () => {
  await send(settings.corrected, settings.corrected.length);
  await until(review, `/review?tab=resent&region=${settings.region}`, settings.failing);
});

await step('the head accepts everything', async () => {
  for (const tab of ['resent', 'pending']) {
    const expected = tab === 'resent' ? settings.failing : agencies - settings.failing;
    await lead.goto(`/review?tab=${tab}&region=${settings.region}`);
    await act(lead, expected, 'accepted', async () => {});
  }
  await until(lead, `/review?tab=accepted&region=${settings.region}`, agencies);
});

await step('the province is added up, told of and exported', async () => {
  const asked = `region=${settings.region}&year=${settings.year}`;
  await lead.goto(`/regions?${asked}`);
  for (const address of [`/api/v1/rollup?${asked}&format=xlsx`, `/api/v1/bulletin?${asked}&format=docx`]) {
    const answer = await lead.request.get(settings.url + address, { headers: header(settings.keys.lead) });
    assert.equal(answer.status(), 200, `${address}: ${answer.status()}`);
    assert.equal((await answer.body()).subarray(0, 2).toString(), 'PK', address);
  }
  const address = `/api/v1/export?shape=reports&format=csv&${asked}`;
  const answer = await lead.request.get(settings.url + address, { headers: header(settings.keys.lead) });
  assert.equal(answer.status(), 200, `${address}: ${answer.status()}`);
  const rows = (await answer.text()).trimEnd().split('\r\n');
  assert.equal(rows.length, 1 + agencies);
});

await browser.close();
assert.deepEqual(complaints, []);
console.log(`${clicks} clicks\ndone`);

async function person(name, key) {
  const context = await browser.newContext({
    baseURL: settings.url, extraHTTPHeaders: header(key), locale: 'zh-CN', timezoneId: 'Asia/Shanghai',
    viewport: { width: 1280, height: 800 },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${name} ${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${name} ${page.url()}: ${error.message}`));
  return page;
}

function header(key) {
  return { authorization: `Bearer ${key}` };
}

async function step(what, work) {
  const begun = Date.now();
  await work().catch(async (error) => {
    for (const [name, page] of Object.entries(people)) {
      await page.screenshot({ path: join(settings.pictures, `january-failed-${name}.png`) });
    }
    throw new Error(`${what}: ${error.message}`);
  });
  for (const [name, page] of Object.entries(people)) {
    await page.screenshot({ path: join(settings.pictures, `january-${what.replaceAll(' ', '-')}-${name}.png`) });
  }
  console.log(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

async function click(page, selector) {
  clicks += 1;
  await page.locator(selector).click();
}

// Sends files from the page and waits until each can be found.
async function send(files, count) {
  await submit.goto('/send');
  await submit.setInputFiles('#file', files);
  await submit.waitForFunction(
    (wanted) => document.querySelectorAll('#rows li[data-state=indexed]').length === wanted, count);
}

// Ticks every row of a work list, does something to them, and confirms it for so many.
async function act(page, count, name, fill) {
  await click(page, 'input[data-all]');
  const everything = page.locator('input[name=all]');
  if (await everything.count() > 0) await everything.check();
  const button = page.locator(`button[name=act][value=${name}]`);
  const details = page.locator('details[name=many]', { has: button });
  if (await details.count() > 0) {
    clicks += 1;
    await details.locator('summary').click();
  }
  await fill(details);
  clicks += 1;
  await button.click();
  const confirm = page.locator('button[name=confirmed]');
  await confirm.waitFor();
  assert.match(await confirm.innerText(), new RegExp(`\\b${count}\\b`));
  await click(page, 'button[name=confirmed]');
  await page.waitForLoadState();
}

// Waits until a work list has so many reports: the lists follow the log.
async function until(page, address, count) {
  const begun = Date.now();
  let found = -1;
  while (Date.now() - begun < PATIENCE_MS) {
    await page.goto(address);
    const shown = await page.locator('nav.tabs a[aria-current=page] .count').innerText();
    found = Number(shown);
    if (found === count) return;
  }
  assert.equal(found, count, address);
}

// A number of the roster's board.
async function counted(page, title, count) {
  const shown = page.locator('dl.counts div', { has: page.locator('dt', { hasText: title }) }).locator('dd');
  assert.equal(Number(await shown.first().innerText()), count, title);
}
