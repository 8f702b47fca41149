import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printParseErrorCode } from 'jsonc-parser'
import { SeenSubjects } from '../data/seen-subjects.ts'
import { en } from '../words/en.ts'
import { es } from '../words/es.ts'
import { speak } from '../words/words.ts'
import { type Board, filled, inWords, placed, type Tile, withTile } from './board.ts'
import { readBoard } from './board-check.ts'
import { saidValues } from './said-values.ts'
import { textParts } from './text-parts.ts'
import { tidied } from './tile-fields.ts'
import { variableValues } from './variable-values.ts'

const tile = (x: number, y: number, w: number, h: number): Tile => ({ kind: 'kpi', x, y, w, h })
const places = ({ tiles }: Board): string[] => tiles.map(({ x, y, w, h }) => [x, y, w, h].join())

test('a board that is wrong is told with line and column, all faults at once', () => {
  const text = `{
  "title": "Rooms",
  "tiles": [
    { "kind": "kpi", "x": 0, "y": 0, "w": 30, "h": 2, "colour": "red" },
    { "kind": "gauge", "x": 0, "y": 0, "w": 4 }
  ]
}`
  const { board, faults } = readBoard(text)
  assert.equal(board, undefined)
  assert.deepEqual(
    faults.map(({ line, column, message }) => [line, column, message.slice(0, 40)]),
    [
      [4, 43, 'tiles[0].w: at most 24 is expected.'],
      [4, 55, 'tiles[0]: "colour" is unknown; there are'],
      [5, 15, 'tiles[1].kind: one of kpi, chart, heatma'],
      [5, 5, 'tiles[1]: "h" is missing.'],
    ],
  )
  assert.deepEqual(readBoard('{"title": "x" "tiles": []}').faults, [
    { line: 1, column: 15, message: 'a comma is expected.' },
  ])
  assert.deepEqual(
    readBoard('').faults.map(({ line, column }) => [line, column]),
    [[1, 1]],
  )
  for (const bad of ['[]', '1', 'null', '{"title":"","tiles":[]}', '{"tiles":[]}', '{"title":"x","tiles":{}}']) {
    assert.ok(readBoard(bad).faults.length > 0, bad)
  }
})

test('a board says what people call a value, and only texts may be its words', () => {
  const { board } = readBoard('{"title": "x", "words": {"EN_CAMINO": "En camino"}, "tiles": []}')
  assert.equal(inWords('EN_CAMINO', board?.words), 'En camino')
  for (const value of ['ASIGNADA', 'toString', '__proto__']) assert.equal(inWords(value, board?.words), value)
  assert.equal(inWords('EN_CAMINO', undefined), 'EN_CAMINO')
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`S${at}`, 'x']))
  for (const words of ['[]', '{"A": 1}', '{"A": ""}', JSON.stringify(many)]) {
    assert.equal(readBoard(`{"title": "x", "words": ${words}, "tiles": []}`).faults.length, 1, words.slice(0, 20))
  }
})

test('a variable may be what stands at its place in the filters of the tiles', () => {
  const seen = new SeenSubjects()
  for (const subject of ['rooms.r1.alpha', 'rooms.r2.beta', 'counts.r3', 'halls.h1.alpha']) seen.add(subject)
  const filters = ['rooms.$room.$platform label.site="$room"', 'counts.$room', 'rooms.x$room', 'rooms.*.alpha']
  const board: Board = {
    title: 'x',
    variables: [
      { name: 'room', value: '*' },
      { name: 'platform', value: 'alpha' },
    ],
    tiles: filters.map((filter) => ({ ...tile(0, 0, 1, 1), filter })),
  }
  assert.deepEqual(variableValues(board, 'room', seen), ['r1', 'r2', 'r3'])
  assert.deepEqual(variableValues(board, 'platform', seen), ['alpha', 'beta'])
})

test('a filter that is none, an unknown variable and a tile past the last column are told where they stand', () => {
  const text = `{
  "title": "Rooms", "variables": [{ "name": "room", "value": "*" }],
  "tiles": [
    { "kind": "kpi", "x": 0, "y": 0, "w": 4, "h": 2, "filter": "rooms.$room.climate label.site=a" },
    { "kind": "kpi", "x": 0, "y": 0, "w": 4, "h": 2, "filter": "rooms.$site.climate" },
    { "kind": "kpi", "x": 0, "y": 0, "w": 4, "h": 2, "filter": "rooms..climate" },
    { "kind": "kpi", "x": 20, "y": 0, "w": 5, "h": 2, "filter": "$constructor" }
  ]
}`
  const { board, faults } = readBoard(text)
  assert.equal(board, undefined)
  assert.deepEqual(
    faults.map(({ line, column, message }) => [line, column, message.slice(0, 46)]),
    [
      [5, 64, 'tiles[1].filter: there is no variable $site; "'],
      [6, 64, 'tiles[2].filter: "rooms..climate" is no filter'],
      [7, 44, 'tiles[3].w: at most 4 is expected.'],
      [7, 65, 'tiles[3].filter: there is no variable $constru'],
    ],
  )
  const odd = '{ "title": "x", "tiles": [{ "kind": "text", "x": 0, "y": 0, "w": 1, "h": 1, "constructor": 1 }] }'
  assert.match(readBoard(odd).faults[0]?.message ?? '', /"constructor" is unknown/)
})

test('a tile keeps what its kind reads, and nothing that is empty', () => {
  const whole: Tile = { ...tile(0, 0, 4, 2), title: '', filter: 'a.>', warn: 0, unit: '', text: 'old', states: ['x'] }
  assert.deepEqual(tidied(whole), { ...tile(0, 0, 4, 2), filter: 'a.>', warn: 0 })
  assert.deepEqual(tidied({ ...whole, kind: 'states', states: [] }), {
    ...tile(0, 0, 4, 2),
    kind: 'states',
    filter: 'a.>',
  })
})

test('what is wrong is said in the language of the page', async () => {
  const text = '{ "title": "x", "tiles": [{ "kind": "text", "w": 99 }], "x": 1 '
  const said = (): string =>
    [text, '{"tiles":{}}', ''].flatMap((each) => readBoard(each).faults.map(({ message }) => message)).join(' ')
  assert.match(said(), /a closing brace is expected.*a list is expected/s)
  await speak(['es-ES'])
  try {
    assert.match(said(), /se espera una llave de cierre.*se espera una lista.*falta "title".*Aquí no hay JSON/s)
    assert.doesNotMatch(said(), /expected|missing|unknown/)
  } finally {
    await speak(['en'])
  }
})

test('every fault that the parser of JSON knows has words in both languages', () => {
  for (let code = 1; printParseErrorCode(code) !== '<unknown ParseErrorCode>'; code++) {
    const name = printParseErrorCode(code)
    assert.ok(name in en.boards.faults.syntax && name in es.boards.faults.syntax, name)
  }
})

test('code stands between backticks, or on lines between two lines of three', () => {
  const parts = (text: string): string[] => textParts(text).map(({ kind, text: part }) => `${kind}:${part}`)
  assert.deepEqual(parts('Send:\n`weir pub a 1` or'), ['words:Send:\n', 'code:weir pub a 1', 'words: or'])
  assert.deepEqual(parts('a\n```sh\nmake up\nweir sub\n```\nb'), ['words:a\n', 'block:make up\nweir sub', 'words:b'])
  assert.deepEqual(parts("it's ` alone\nand ` another"), ["words:it's ` alone\nand ` another"])
  assert.deepEqual(parts('```\nno end'), ['words:```\nno end'])
  assert.deepEqual(parts(''), [])
})

test('a good board is read as it is', () => {
  const board = {
    title: 'x',
    variables: [{ name: 'room', value: '*' }],
    tiles: [{ kind: 'text', x: 0, y: 0, w: 1, h: 1, text: '$room' }],
  }
  assert.deepEqual(readBoard(JSON.stringify(board)), { board, faults: [] })
})

test('a new tile goes into the first gap, or below everything', () => {
  const board: Board = { title: 'x', tiles: [tile(0, 0, 4, 2), tile(8, 0, 16, 2)] }
  assert.deepEqual(places(withTile(board, { kind: 'kpi' })).at(-1), '4,0,4,2')
  assert.deepEqual(places(withTile(withTile(board, { kind: 'kpi' }), { kind: 'chart' })).at(-1), '0,2,12,5')
})

test('a tile that is moved or resized stays on the grid, and what it would cover makes way', () => {
  const board: Board = { title: 'x', tiles: [tile(0, 0, 4, 2), tile(4, 0, 4, 2), tile(4, 2, 4, 2)] }
  assert.deepEqual(places(placed(board, 0, { x: 4 })), ['4,0,4,2', '4,2,4,2', '4,4,4,2'])
  assert.deepEqual(places(placed(board, 0, { x: -3, y: -1 }))[0], '0,0,4,2')
  assert.deepEqual(places(placed(board, 0, { w: 99, h: 0 }))[0], '0,0,24,1')
  assert.equal(placed(board, 9, { x: 1 }), board)
})

test('variables are filled in by name', () => {
  assert.equal(filled('rooms.$room.climate $other', { room: 'r1' }), 'rooms.r1.climate $other')
})

test('what stands for everything is a word to people, unless the board has its own', async () => {
  await speak(['en'])
  const values = { branch: '*', lane: 'north', all: '>' }
  assert.deepEqual(saidValues(values, undefined), { branch: 'all', lane: 'north', all: 'all' })
  assert.deepEqual(saidValues(values, { '*': 'every branch', north: 'North' }), {
    branch: 'every branch',
    lane: 'North',
    all: 'all',
  })
})
