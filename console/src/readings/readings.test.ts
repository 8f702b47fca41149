import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tile } from '../boards/board.ts'
import { folded, toneOf } from './fold.ts'
import { gapOf, phonePlaces, tileSize } from './tile-size.ts'
import type { TileValue } from './tile-value.ts'

const value = (seq: number, number: number | undefined): TileValue =>
  ({ entry: { seq }, number }) as unknown as TileValue
const tile: Tile = { kind: 'kpi', x: 0, y: 0, w: 4, h: 2 }

test('many values make one as the tile says; what is no number counts and does not sum', () => {
  const values = [value(1, 4), value(3, -2), value(2, 10), value(4, undefined)]
  assert.equal(folded(values, 'sum'), 12)
  assert.equal(folded(values, 'min'), -2)
  assert.equal(folded(values, 'max'), 10)
  assert.equal(folded(values, 'last'), -2, 'the number with the highest sequence')
  assert.equal(folded(values, 'count'), 4)
  assert.equal(folded(values, 'mean'), 4, 'of the three that are numbers')
  assert.equal(folded([], 'count'), 0)
  assert.equal(folded([value(1, undefined)], 'sum'), undefined)
})

test('amber and red count upwards or, where red lies below amber, downwards', () => {
  assert.deepEqual(
    [25, 26, 30].map((each) => toneOf(each, { warn: 26, bad: 30 })),
    ['plain', 'warn', 'bad'],
  )
  assert.deepEqual(
    [25, 20, 10].map((each) => toneOf(each, { warn: 20, bad: 10 })),
    ['plain', 'warn', 'bad'],
  )
  assert.equal(toneOf(undefined, { warn: 0, bad: 0 }), 'plain')
})

test('a tile knows its size on a page, on a wall and on a phone', () => {
  const page = { width: 24 + 24 * 50 - 10, height: 5_000, rows: 84, isPhone: false, isWall: false, isLarge: false }
  assert.deepEqual(tileSize(tile, page), [190, 106])
  const phone = { ...page, width: 390, isPhone: true }
  assert.deepEqual(tileSize(tile, phone), [183, 92])
  assert.deepEqual(tileSize({ ...tile, kind: 'chart' }, phone, 2), [374, 210])
  assert.deepEqual(tileSize(tile, { ...phone, isLarge: true }), [87.5, 54])
  // Eighty-four rows on a screen of 900 pixels: the gaps must not take it all.
  const wall = { ...page, height: 900, isWall: true }
  assert.equal(gapOf(wall), 1)
  const [, height] = tileSize(tile, wall)
  assert.ok(height > 18 && height < 22, String(height))
  assert.equal(gapOf({ ...wall, rows: 6 }), 10)
})

test('on a phone numbers stand beside each other, and no row has a hole', () => {
  const at = (kind: Tile['kind'], x: number, y: number): Tile => ({ kind, x, y, w: 4, h: 2 })
  const tiles = [at('chart', 0, 2), at('kpi', 8, 0), at('kpi', 0, 0), at('kpi', 4, 0), at('kpi', 0, 9), at('kpi', 5, 9)]
  const places = phonePlaces(tiles, 2)
  assert.deepEqual(
    places.map(({ order }) => order),
    [3, 2, 0, 1, 4, 5],
  )
  assert.deepEqual(
    places.map(({ span }) => span),
    [2, 2, 1, 1, 1, 1],
  )
  assert.deepEqual(
    phonePlaces(tiles.slice(1, 4), 4).map(({ span }) => span),
    [2, 1, 1],
  )
})
