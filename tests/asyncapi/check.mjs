// Parses proto/asyncapi.json, or validates messages against it.
//
//   node check.mjs asyncapi.json                  the document itself
//   node check.mjs asyncapi.json messages.jsonl   a line a message: {"channel", "headers", "payload"}
//
// Prints a line a fault, and ends with 1 where there is one.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [, , documentPath, messagesPath] = process.argv;
const text = readFileSync(documentPath, 'utf8');
const faults = messagesPath ? faultsOfMessages() : await faultsOfDocument();
for (const fault of faults) console.log(fault);
process.exit(faults.length ? 1 : 0);

async function faultsOfDocument() {
  const { Parser } = require('@asyncapi/parser');
  const { document, diagnostics } = await new Parser().parse(text);
  // 0 is an error, 1 a warning.
  const faults = diagnostics
    .filter((diagnostic) => diagnostic.severity === 0)
    .map((diagnostic) => `${diagnostic.path.join('.')}: ${diagnostic.message}`);
  if (!document && !faults.length) faults.push('no document');
  return faults;
}

function faultsOfMessages() {
  const Ajv = require('ajv').default;
  const ajv = new Ajv({ strict: false, allErrors: true });
  require('ajv-formats').default(ajv);
  const document = JSON.parse(text);
  // The components alone: `id` of the document is none of a schema.
  ajv.addSchema({ components: document.components }, 'asyncapi');
  const validators = new Map();
  const validator = (pointer) => {
    if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `asyncapi#${pointer}` }));
    return validators.get(pointer);
  };
  const lines = readFileSync(messagesPath, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line, number) => {
    const { channel, headers, payload } = JSON.parse(line);
    const faults = faultsOfMessage(document, validator, channel, headers, payload);
    return faults.map((fault) => `message ${number + 1} on ${channel}: ${fault}`);
  });
}

function faultsOfMessage(document, validator, channel, headers, payload) {
  const messages = document.channels[channel]?.messages;
  if (!messages) return ['no such channel'];
  const candidates = Object.values(messages).map(({ $ref }) => $ref.slice(1));
  const at = (pointer) => pointer.split('/').slice(1).reduce((value, name) => value[name], document);
  // Lines of a folder have no attributes; a report that stands has a version.
  const ofPayload = `cn.gouji.report.${'version' in payload ? 'stands' : 'gone'}.v1`;
  const type = headers.ce_type ?? headers['ce-type'] ?? payload.type ?? ofPayload;
  const pointer = candidates.length === 1 ? candidates[0] : candidates.find((one) => at(one).name === type);
  if (!pointer) return [`no message has the type ${type}`];
  const faults = [];
  const validate = (part, value) => {
    const isValid = validator(`${pointer}/${part}`);
    if (!isValid(value)) {
      faults.push(...isValid.errors.map((error) => `${part}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`));
    }
  };
  validate('payload', payload);
  if (at(pointer).headers) validate('headers', headers);
  return faults;
}
