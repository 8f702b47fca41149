import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './run.ts'

/** The exit code of a command line with what it said. */
async function outcome(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { log, error } = console
  let out = ''
  let err = ''
  console.log = (...words: unknown[]) => {
    out += `${words.join(' ')}\n`
  }
  console.error = (...words: unknown[]) => {
    err += `${words.join(' ')}\n`
  }
  try {
    return { code: await run(args), out, err }
  } finally {
    console.log = log
    console.error = error
  }
}

test('help and version are answers, not faults', async () => {
  assert.match((await outcome('help')).out, /pub.*Publish an event/)
  assert.match((await outcome('pub', '--help')).out, /--token/)
  assert.equal((await outcome('--version')).out, '0.1.0\n')
  assert.equal((await outcome()).code, 0)
})

test('a wrong command line is code 2 with one sentence', async () => {
  for (const [args, sentence] of [
    [['dance'], /no command "dance"/],
    [['toString'], /no command "toString"/],
    [['pub', 'a.b', '1', '--colour'], /no option --colour/],
    [['pub'], /SUBJECT/],
    [['token'], /Say what it grants/],
    [['token', '--subscribe', '>', '--ttl', 'soon'], /--ttl "soon" is not a time/],
    [['tenant', 'destroy'], /"weir tenant destroy" does not exist/],
  ] as const) {
    const { code, err } = await outcome(...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(err, sentence)
    assert.equal(err.trim().split('\n').length, 1)
  }
})

test('an address where nobody is, is code 3; something else there, code 5', async () => {
  const nobody = await outcome('pub', 'a.b', '1', '--url', 'http://127.0.0.1:1', '--token', 'x')
  assert.equal(nobody.code, 3)
  assert.match(nobody.err, /ingest at http:\/\/127\.0\.0\.1:1 does not answer/)
})

test('data that is not JSON is refused before anything is sent', async () => {
  const { code, err } = await outcome('pub', 'a.b', 'warm', '--url', 'http://127.0.0.1:1')
  assert.equal(code, 1)
  assert.match(err, /The data is not JSON; a string needs its double quotes: warm/)
})
