// The SDK pointed at a simulator, with a check that the SDK itself does not make: JavaScript does not look at types, so every
// answer is held against a JSON schema that is made of the SDK's own type declarations.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import * as kalshi from 'kalshi-typescript';
import { createGenerator } from 'ts-json-schema-generator';

const here = dirname(fileURLToPath(import.meta.url));

function validators() {
    const generator = createGenerator({
        path: join(here, 'node_modules/kalshi-typescript/dist/models/index.d.ts'),
        type: '*',
        expose: 'all',
        additionalProperties: true,
        skipTypeCheck: true,
    });
    const schema = generator.createSchema('*');
    // The exchange sends null for much that the declarations call optional, such as the prices of a candle without a trade.
    for (const { properties = {}, required = [] } of Object.values(schema.definitions)) {
        for (const name of Object.keys(properties)) {
            if (!required.includes(name)) properties[name] = { anyOf: [properties[name], { type: 'null' }] };
        }
    }
    const ajv = new Ajv({ strict: false, allErrors: true });
    ajv.addSchema(schema, 'sdk');
    return (type) => {
        const validate = ajv.getSchema(`sdk#/definitions/${type}`);
        assert.ok(validate, `the SDK has no type ${type}`);
        return validate;
    };
}

const validator = validators();

// The SDK's APIs with the key of a ready file. The SDK signs with RSA alone.
export function open(readyFile) {
    const ready = JSON.parse(readFileSync(readyFile, 'utf8'));
    assert.equal(ready.simulator, true, 'this test talks to a simulator and to nothing else');
    const configuration = new kalshi.Configuration({
        apiKey: ready.key_id,
        privateKeyPath: ready.key_file,
        basePath: ready.rest,
    });
    const api = (name) => new kalshi[`${name}Api`](configuration);
    return {
        ready,
        account: api('Account'),
        events: api('Events'),
        exchange: api('Exchange'),
        groups: api('OrderGroups'),
        historical: api('Historical'),
        market: api('Market'),
        orders: api('Orders'),
        portfolio: api('Portfolio'),
    };
}

let calls = 0;
let limited = 0;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Makes a call, whatever its answer. One that comes too fast was not executed, and is made again.
export async function made(what, call) {
    for (let tries = 0; tries < 100; tries += 1) {
        calls += 1;
        try {
            return await call();
        } catch (error) {
            assert.ok(error.response, `${what}: no answer: ${error}`);
            if (error.response.status !== 429) return error.response;
            limited += 1;
            await wait(100);
        }
    }
    assert.fail(`${what}: always too fast`);
}

// An answer of this status whose body is what the SDK's type says.
export async function answered(what, status, type, call) {
    const answer = await made(what, call);
    assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.data)}`);
    if (type !== null) {
        const validate = validator(type);
        const faults = () => validate.errors.map((fault) => `${fault.instancePath} ${fault.message}`).join('; ');
        assert.ok(validate(answer.data), `${what} is no ${type}: ${validate.errors && faults()}: ${JSON.stringify(answer.data)}`);
    }
    return answer.data;
}

// A refusal of this status with this code, in one of the shapes that the exchange was recorded to use.
export async function refused(what, status, code, call) {
    const answer = await made(what, call);
    const said = `${what}: ${answer.status} ${JSON.stringify(answer.data)}`;
    assert.equal(answer.status, status, said);
    const body = answer.data.error ?? answer.data;
    assert.equal(body.code, code, said);
    return body;
}

// Asks again until `found` finds something in the answer: reads lie behind the exchange's engine, and markets come in their time.
export async function eventually(what, ask, found) {
    const until = Date.now() + 120_000;
    for (;;) {
        const answer = await ask();
        const seen = found(answer);
        if (seen) return seen === true ? answer : seen;
        assert.ok(Date.now() < until, `${what} did not come within two minutes: ${JSON.stringify(answer)}`);
        await wait(100);
    }
}

// Of a page of markets the last one that the recording settles, once it trades and has a book of two sides.
export const tradable = (ready) => ({ markets }) => {
    const settled = markets.filter((one) => Date.parse(one.close_time) <= Date.parse(ready.recording_ends));
    const last = settled.toSorted((one, other) => Date.parse(one.close_time) - Date.parse(other.close_time)).at(-1);
    return last?.status === 'active' && last.floor_strike && Number(last.yes_bid_size_fp) > 0 && Number(last.yes_ask_size_fp) > 0
        ? last : undefined;
};

// What the other side of the test compares with its own reads.
export function report(state) {
    console.log(JSON.stringify({ calls, limited, ...state }));
}
