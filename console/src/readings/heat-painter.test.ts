import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeatCanvas, type HeatCell, HeatPainter } from './heat-painter.ts'

const colours = { plain: 'plain', warn: 'warn', bad: 'bad', up: 'up', rest: 'rest' }
const size = { width: 400, height: 400, scale: 1 }

/** Keeps where cells were painted, a word each, and the colours of frames. */
class Canvas implements HeatCanvas {
  fillStyle = ''
  strokeStyle = ''
  globalAlpha = 1
  lineWidth = 1
  cleared = 0
  readonly painted: string[] = []
  readonly framed: string[] = []
  fillRect(x: number, y: number): void {
    if (this.fillStyle !== 'rest') this.painted.push(`${x},${y} ${this.fillStyle} ${this.globalAlpha.toFixed(2)}`)
  }
  strokeRect(): void {
    this.framed.push(`${this.strokeStyle} ${this.globalAlpha.toFixed(2)}`)
  }
  clearRect(): void {
    this.cleared++
  }
  beginPath(): void {}
  moveTo(): void {}
  lineTo(): void {}
  stroke(): void {
    this.framed.push('hatch')
  }
  take(): { readonly painted: readonly string[]; readonly framed: readonly string[] } {
    return { painted: this.painted.splice(0), framed: this.framed.splice(0) }
  }
}

function cells(numbers: readonly (number | undefined)[], heardMs = 0): HeatCell[] {
  return numbers.map((number, at) => ({ subject: `s${at}`, number, heardMs }))
}

test('only a cell that looks otherwise is painted again', () => {
  const painter = new HeatPainter({})
  const canvas = new Canvas()
  painter.restyle(size, colours)
  assert.equal(painter.paint(canvas, cells([0, 50, 60, 100]), 0, 0), false)
  assert.deepEqual(canvas.take().painted, [
    '0,0 plain 0.10',
    '200,0 plain 0.51',
    '0,200 plain 0.59',
    '200,200 plain 0.90',
  ])
  painter.paint(canvas, cells([0, 50, 60, 100]), 20, 20)
  assert.deepEqual(canvas.take(), { painted: [], framed: [] })
  painter.paint(canvas, cells([0, 50.1, 30, 100]), 40, 40)
  assert.deepEqual(canvas.take().painted, ['0,200 plain 0.33'], 'a change below a shade is none')
  painter.paint(canvas, cells([0, 50, 30, 100, 70]), 60, 60)
  assert.deepEqual([canvas.take().painted.length, canvas.cleared], [5, 2], 'another grid is painted whole')
  painter.restyle({ ...size, width: 800 }, colours)
  painter.paint(canvas, cells([0, 50, 30, 100, 70]), 80, 80)
  assert.equal(canvas.take().painted.length, 5)
})

test('a change frames its cell in steps that fade, and then nothing is painted any more', () => {
  const painter = new HeatPainter({})
  const canvas = new Canvas()
  painter.restyle(size, colours)
  const before = cells([1, 2, 3, 4])
  for (const cell of before) painter.changed(cell, 0)
  assert.equal(painter.paint(canvas, before, 0, 0), false, 'a first number is no change')
  canvas.take()
  const after = cells([1, 2, 2.9, 4])
  for (const cell of after) painter.changed(cell, 1_000)
  const frames: string[] = []
  let fades = true
  for (let nowMs = 1_000; fades; nowMs += 50) {
    fades = painter.paint(canvas, after, nowMs, nowMs)
    frames.push(...canvas.take().framed)
  }
  assert.deepEqual(frames, ['warn 1.00', 'warn 0.83', 'warn 0.67', 'warn 0.50', 'warn 0.33', 'warn 0.17'])
  assert.deepEqual(canvas.take(), { painted: [], framed: [] })
  painter.changed({ subject: 's0', number: 7, heardMs: 0 }, 2_000)
  assert.equal(painter.paint(canvas, after.slice(1), 2_700, 0), false, 'a cell that is gone fades no more')
})

test('on a scale of magnitudes a few large numbers leave the others apart', () => {
  const painter = new HeatPainter({ scale: 'log' })
  const canvas = new Canvas()
  painter.restyle(size, colours)
  painter.paint(canvas, cells([0, 10, 100, 1_000]), 0, 0)
  assert.deepEqual(
    canvas.take().painted.map((each) => each.split(' ')[2]),
    ['0.10', '0.38', '0.64', '0.90'],
  )
})

test('bounds colour a cell, silence hatches it, and a point finds it', () => {
  const painter = new HeatPainter({ warn: 5, bad: 9 })
  const canvas = new Canvas()
  painter.restyle(size, colours)
  painter.paint(canvas, cells([1, 6, 9, undefined]), 0, 61_000)
  const { painted, framed } = canvas.take()
  assert.deepEqual(
    painted.map((each) => each.split(' ')[1]),
    ['plain', 'warn', 'bad', 'plain'],
  )
  assert.deepEqual(framed, ['hatch', 'hatch', 'hatch', 'hatch'])
  const patient = new HeatPainter({ staleSeconds: 90 })
  patient.restyle(size, colours)
  patient.paint(canvas, cells([1]), 0, 90_000)
  patient.paint(canvas, cells([1]), 0, 90_001)
  assert.deepEqual(canvas.take().framed, ['hatch'])
  assert.deepEqual([painter.placeAt(10, 10), painter.placeAt(210, 10), painter.placeAt(210, 390)], [0, 1, 3])
})
