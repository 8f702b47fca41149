import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { fileOf } from './checkout/file-of.ts'
import { run } from './run.ts'
import { exitCodeMeanings, exitCodes } from './text/exit-code.ts'

/** The exit code of a command line with what it said. */
async function outcome(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { error } = console
  const { write } = process.stdout
  let out = ''
  let err = ''
  // What is no text is the test runner's own.
  process.stdout.write = ((chunk: string | Uint8Array) => {
    if (typeof chunk !== 'string') return write.call(process.stdout, chunk)
    out += chunk
    return true
  }) as typeof write
  console.error = (...words: unknown[]) => {
    err += `${words.join(' ')}\n`
  }
  try {
    return { code: await run(args), out, err }
  } finally {
    process.stdout.write = write
    console.error = error
  }
}

/** Every command, with what it needs at least. */
const commands: Readonly<Record<string, readonly string[]>> = {
  up: [],
  pub: ['a.b', '1'],
  sub: ['a.b'],
  get: ['latest', 'a.b'],
  history: [],
  token: ['--admin'],
  'tenant create': ['acme'],
  'tenant list': [],
  'bucket list': [],
  'bucket drop': ['old'],
  'projector list': [],
  'projector rebuild': ['latest'],
  'projector dead-letters': [],
  'projector replay': ['1'],
  'projector forget': ['1'],
  doctor: [],
  completion: ['bash'],
}

/** Those that ask a service of a mesh. */
const remote = [
  'pub',
  'sub',
  'get',
  'history',
  ...Object.keys(commands).filter((name) => /^(projector|bucket) /.test(name)),
]

function line(name: string, ...more: readonly string[]): string[] {
  return [...name.split(' '), ...(commands[name] ?? []), ...more]
}

let stranger: Server
let strangerUrl: string

before(async () => {
  stranger = createServer((_, response) => response.writeHead(404).end('<h1>Not here</h1>'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  strangerUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/weir`
})

after(() => stranger.close())

test('help and version are answers, not faults, and help lists every command', async () => {
  const { code, out, err } = await outcome('help')
  assert.deepEqual([code, err], [0, ''])
  for (const name of Object.keys(commands)) {
    const [first = '', second] = name.split(' ')
    assert.match(out, new RegExp(`^ {2}${first} `, 'm'))
    if (second !== undefined) assert.match((await outcome('help', first)).out, new RegExp(`^ {2}${second} `, 'm'))
    assert.equal((await outcome(...name.split(' '), '--help')).code, 0, name)
  }
  assert.equal((await outcome()).out, out)
  assert.equal((await outcome('--help')).out, out)
  assert.match((await outcome('help', 'pub')).out, /--token/)
  assert.equal((await outcome('--version')).out, '0.1.0\n')
})

test('the exit codes of the help are those of docs/cli.md', async () => {
  const rows = [...readFileSync(fileOf('docs/cli.md'), 'utf8').matchAll(/^\| (\d) \| (.+) \|$/gm)]
  assert.deepEqual(
    rows.map(([, code, meaning]) => [Number(code), meaning]),
    Object.entries(exitCodeMeanings).map(([name, meaning]) => [exitCodes[name as keyof typeof exitCodes], meaning]),
  )
  const { out } = await outcome('help')
  for (const code of ['0', '1', '2', '3', '4', '5']) assert.match(out, new RegExp(`^ {2}${code} {2}\\w`, 'm'))
})

for (const name of Object.keys(commands)) {
  test(`${name}: an unknown option, an argument too many, one too few: code 2 with one sentence`, async () => {
    const unknown = await outcome(...line(name, '--nonsense'))
    assert.deepEqual([unknown.code, unknown.out], [2, ''])
    assert.match(unknown.err, /^weir: unknown option '--nonsense'.*\n$/)

    const takesMany = ['sub', 'get', 'history', 'projector replay', 'projector forget'].includes(name)
    if (!takesMany) {
      const tooMany = await outcome(...line(name, 'more', 'and', 'more'))
      assert.deepEqual([tooMany.code, tooMany.out], [2, ''], name)
      assert.match(tooMany.err, /^weir: too many arguments for .*\n$/)
    }
    const needed = (commands[name] ?? []).filter((each) => !each.startsWith('-')).length
    if (needed === 0 || name === 'sub') return
    const tooFew = await outcome(...name.split(' '))
    assert.deepEqual([tooFew.code, tooFew.out], [2, ''], name)
    assert.match(tooFew.err, /^weir: missing required argument '\w+'.*\n$/)
  })
}

for (const name of remote) {
  test(`${name}: an address where nobody is, or somebody else, is code 3, and no address is code 2`, async () => {
    const nobody = await outcome(...line(name, '--url', 'http://127.0.0.1:1', '--token', 'x'))
    assert.equal(nobody.code, 3, nobody.err)
    assert.match(nobody.err, /does not answer|cannot be reached/)
    const somebody = await outcome(...line(name, '--url', strangerUrl, '--token', 'x'))
    assert.deepEqual([somebody.code, somebody.out], [3, ''], somebody.err)
    for (const address of ['mesh', 'ftp://mesh', 'http://', 'http://a:b@mesh', 'http://mesh/?x=1']) {
      const wrong = await outcome(...line(name, '--url', address, '--token', 'x'))
      assert.equal(wrong.code, 2, `${address}: ${wrong.err}`)
    }
  })
}

test('a misspelt word gets the one that was meant', async () => {
  for (const [args, meant] of [
    [['pu'], /did you mean one of pub, up\?/],
    [['help', 'tenat'], /did you mean tenant\?/],
    [['histroy', '--help'], /did you mean history\?/],
    [['tenant', 'craete'], /did you mean create\?/],
    [['projector', 'dead-leters'], /did you mean dead-letters\?/],
    [['get', 'latest', '--fliter', 'a'], /did you mean --filter\?/],
    [['sub', '--mode', 'lates'], /Allowed choices are all, latest/],
    [['toString'], /unknown command 'toString'/],
  ] as const) {
    const { code, out, err } = await outcome(...args)
    assert.deepEqual([code, out, err.trim().split('\n').length], [2, '', 1], args.join(' '))
    assert.match(err, meant)
  }
})

test('what is said wrongly is code 2 with a sentence that says what would be right', async () => {
  for (const [args, sentence] of [
    [['token'], /Say what it grants/],
    [['token', '--subscribe', '>', '--ttl', 'soon'], /--ttl "soon" is not a time/],
    [['get', 'latest', 'a', '--filter', 'b'], /Give keys or --filter, not both/],
    [['get', 'latest', 'a', '--limit', '3'], /--limit is for a filter/],
    [['history', '--limit', '0', '--url', 'http://127.0.0.1:1'], /--limit "0" is not a whole number above 0/],
    [['projector', 'replay', 'all', '3', '--url', 'http://127.0.0.1:1'], /"all" is neither the number/],
    [['tenant', 'create', 'acme', '--max-gib', 'big'], /--max-gib "big" is not a number above 0/],
  ] as const) {
    const { code, err } = await outcome(...args)
    assert.deepEqual([code, err.trim().split('\n').length], [2, 1], `${args.join(' ')}: ${err}`)
    assert.match(err, sentence)
  }
})

test('data that is not JSON is refused before anything is sent', async () => {
  const { code, err } = await outcome('pub', 'a.b', 'warm', '--url', 'http://127.0.0.1:1')
  assert.equal(code, 2)
  assert.match(err, /The data is not JSON; a string needs its double quotes: warm/)
})

test('a name or filter that cannot be one is a wrong command line', async () => {
  const url = ['--url', 'http://127.0.0.1:1', '--token', 'none']
  const lines = [
    ['pub', 'a b', '1', ...url],
    ['sub', 'a b', ...url],
    ['get', 'latest', 'rooms.>', ...url],
    ['token', '--publish', 'a b'],
    ['token', '--publish', 'a', '--tenant', 'A B'],
    ['tenant', 'create', 'x y'],
    ['up', '--shards', '99'],
  ]
  for (const words of lines) {
    const { code, err } = await outcome(...words)
    assert.equal(code, 2, `${words.join(' ')}: ${err}`)
    assert.match(err, /^weir: .+\.\n$/)
  }
})

test('a token grants every filter that is given, also by an option that comes again', async () => {
  const before = process.env.WEIR_JWT_SECRET
  process.env.WEIR_JWT_SECRET = '0123456789abcdef0123456789abcdef'
  try {
    const { out } = await outcome('token', '--publish', 'a.>, b', '--publish', 'c', '--subscribe', 'd', 'e')
    const { weir } = JSON.parse(Buffer.from(out.split('.')[1] ?? '', 'base64url').toString())
    assert.deepEqual(
      [weir.publish, weir.subscribe],
      [
        ['a.>', 'b', 'c'],
        ['d', 'e'],
      ],
    )
  } finally {
    if (before === undefined) delete process.env.WEIR_JWT_SECRET
    else process.env.WEIR_JWT_SECRET = before
  }
})

test('what standard output does not take is an error, and a reader that goes is none', () => {
  const said = (line: string): { readonly status: number | null; readonly stderr: string } =>
    spawnSync('sh', ['-c', line], { encoding: 'utf8', env: { ...process.env, WEIR: fileOf('weir') } })
  const full = said('"$WEIR" size --subscribers 1 --events 1 > /dev/full')
  assert.deepEqual(
    [full.status, full.stderr.split(':').slice(0, 2)],
    [1, ['weir', ' standard output cannot be written']],
  )
  assert.equal(full.stderr.trimEnd().split('\n').length, 1)
  assert.equal(said('{ "$WEIR" help; echo $? >&2; } | true').stderr, '0\n')
})

/** What a program writes to a terminal of so many columns; undefined where `script` is missing. */
function onTerminal(columns: number, command: string): string | undefined {
  const { status, stdout } = spawnSync('script', ['-qec', `stty cols ${columns}; ${command}`, '/dev/null'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TERM: 'xterm-256color' },
  })
  return status === 0 ? stdout : undefined
}

test('help is as wide as the terminal at most', (t) => {
  for (const columns of [60, 100]) {
    for (const name of ['', ...Object.keys(commands)]) {
      const text = onTerminal(columns, `${fileOf('weir')} ${name} --help`)
      if (text === undefined) return t.skip('script(1) is not there')
      for (const each of stripVTControlCharacters(text).split(/\r?\n/)) assert.ok(each.length <= columns, each)
    }
  }
})

test('colour goes to a terminal alone, each stream by itself, and never with NO_COLOR', (t) => {
  const help = `${fileOf('weir')} help`
  const shown = onTerminal(80, help)
  if (shown === undefined) return t.skip('script(1) is not there')
  const bold = '\u001b['
  assert.ok(shown.includes(bold), 'bold on a terminal')
  assert.ok(!onTerminal(80, `NO_COLOR=1 ${help}`)?.includes(bold))
  // Standard output is a pipe while standard error is the terminal.
  assert.ok(!onTerminal(80, `${help} | cat`)?.includes(bold))
  // Standard error is a pipe while standard output is the terminal.
  assert.ok(!onTerminal(80, `${fileOf('weir')} tenant 2>&1 >/dev/tty | cat`)?.includes(bold))
  for (const args of [['help'], ['pu'], ['doctor'], ['tenant']]) {
    const { stdout, stderr } = spawnSync(fileOf('weir'), args, { encoding: 'utf8' })
    assert.ok(!(stdout + stderr).includes(bold), args.join(' '))
  }
})
