import type { Tile } from '../boards/board.ts'
import { limits } from '../limits.ts'
import { toneOf } from './fold.ts'

/** What a cell shows. */
export interface HeatCell {
  readonly subject: string
  readonly number: number | undefined
  /** When it was heard last, in milliseconds since the Unix epoch. */
  readonly heardMs: number
}

/** As CSS names them. */
export interface HeatColours {
  readonly plain: string
  readonly warn: string
  readonly bad: string
  readonly up: string
  readonly rest: string
}

/** What it needs of a canvas. */
export type HeatCanvas = Pick<
  CanvasRenderingContext2D,
  | 'fillRect'
  | 'strokeRect'
  | 'clearRect'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'fillStyle'
  | 'strokeStyle'
  | 'globalAlpha'
  | 'lineWidth'
>

/** In pixels of the device: cells lie on whole ones, so that a cell covers what it was before. */
export interface HeatSize {
  readonly width: number
  readonly height: number
  /** Pixels of the device to a pixel of CSS. */
  readonly scale: number
}

/**
 * Paints a heat map, a pass at a time, and of it only the cells that look otherwise than they did
 * in the pass before: of a thousand cells two hundred change between two passes. Colours go in 32
 * steps and the frame of a cell that changed in 6, so that a small change is no paint.
 */
export class HeatPainter {
  readonly #bounds: Pick<Tile, 'warn' | 'bad'>
  readonly #staleMs: number
  /** Where a number lies on the scale of the colours. */
  readonly #position: (value: number) => number
  /** How the cell at each place was painted; -1 for not at all. */
  #looks = new Int32Array(0)
  #size: HeatSize = { width: 0, height: 0, scale: 1 }
  #colours: HeatColours | undefined
  #across = 1
  #down = 1
  readonly #numbers = new Map<string, number>()
  readonly #flashes = new Map<string, { readonly untilMs: number; readonly up: boolean }>()

  constructor(tile: Pick<Tile, 'warn' | 'bad' | 'scale' | 'staleSeconds'>) {
    this.#bounds = tile
    this.#position = tile.scale === 'log' ? magnitude : (value) => value
    this.#staleMs = (tile.staleSeconds ?? limits.heatStaleMs / 1000) * 1000
  }

  /** Notes a change of a cell, which is framed for a while; its first number is none. */
  changed({ subject, number }: HeatCell, nowMs: number): void {
    if (number === undefined) return
    const old = this.#numbers.get(subject)
    if (old !== undefined && old !== number) {
      this.#flashes.set(subject, { untilMs: nowMs + limits.heatFlashMs, up: number > old })
    }
    this.#numbers.set(subject, number)
  }

  /** Everything is painted anew. */
  restyle(size: HeatSize, colours: HeatColours): void {
    this.#size = size
    this.#colours = colours
    this.#looks = new Int32Array(0)
  }

  /** The number of the cell at a point in CSS pixels. */
  placeAt(x: number, y: number): number {
    const { width, height, scale } = this.#size
    return Math.floor((y * scale * this.#down) / height) * this.#across + Math.floor((x * scale * this.#across) / width)
  }

  /**
   * Paints what changed.
   *
   * @param nowMs as of `changed`
   * @param clockMs the time now, as of `heardMs`
   * @returns whether a frame fades, so that another pass is needed after `limits.heatFlashStepMs`
   */
  paint(canvas: HeatCanvas, cells: readonly HeatCell[], nowMs: number, clockMs: number): boolean {
    const colours = this.#colours
    if (colours === undefined) return false
    this.#arrange(canvas, cells.length)
    const { least, spread } = this.#rangeOf(cells)
    for (const [at, cell] of cells.entries()) {
      const { subject, number } = cell
      if (number !== undefined && !this.#numbers.has(subject)) this.#numbers.set(subject, number)
      const share = number === undefined ? 0 : spread > 0 ? (this.#position(number) - least) / spread : 0.5
      const look = this.#lookOf(cell, share, nowMs, clockMs)
      if (look === this.#looks[at]) continue
      this.#looks[at] = look
      this.#paintCell(canvas, colours, at, look)
    }
    // Also those of cells that are gone.
    for (const [subject, { untilMs }] of this.#flashes) if (untilMs <= nowMs) this.#flashes.delete(subject)
    if (this.#numbers.size > 2 * limits.heatCellsMax) this.#numbers.clear()
    return this.#flashes.size > 0
  }

  /** The colours span what there is: values around twenty would all look the same beside zero. */
  #rangeOf(cells: readonly HeatCell[]): { readonly least: number; readonly spread: number } {
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (const { number } of cells) {
      if (number === undefined) continue
      if (number < least) least = number
      if (number > most) most = number
    }
    const from = this.#position(least)
    return { least: from, spread: this.#position(most) - from }
  }

  /** A grid of about square cells. */
  #arrange(canvas: HeatCanvas, count: number): void {
    if (this.#looks.length === count) return
    const { width, height } = this.#size
    this.#looks = new Int32Array(count).fill(-1)
    const across = Math.ceil(Math.sqrt((count * width) / Math.max(1, height)))
    this.#across = Math.max(1, Math.min(count, across))
    this.#down = Math.max(1, Math.ceil(count / this.#across))
    canvas.clearRect(0, 0, width, height)
  }

  /** All that a cell shows as one number. */
  #lookOf({ subject, number, heardMs }: HeatCell, share: number, nowMs: number, clockMs: number): number {
    const tone = tones.indexOf(toneOf(number, this.#bounds))
    const shade = Math.round(share * (SHADES - 1))
    const isStale = clockMs - heardMs > this.#staleMs
    const flash = this.#flashes.get(subject)
    const step = flash === undefined ? 0 : Math.ceil((flash.untilMs - nowMs) / limits.heatFlashStepMs)
    const frame = flash === undefined || step <= 0 ? 0 : step * 2 + Number(flash.up)
    return ((frame * 2 + Number(isStale)) * SHADES + shade) * tones.length + tone
  }

  #paintCell(canvas: HeatCanvas, colours: HeatColours, at: number, look: number): void {
    const tone = tones[look % tones.length] ?? 'plain'
    const shade = Math.floor(look / tones.length) % SHADES
    const rest = Math.floor(look / tones.length / SHADES)
    const isStale = rest % 2 === 1
    const frame = rest >> 1
    const { width, height, scale } = this.#size
    const gap = Math.round((this.#looks.length > 1500 ? 1 : 2) * scale)
    const [column, row] = [at % this.#across, Math.floor(at / this.#across)]
    const x = Math.round((column * width) / this.#across)
    const y = Math.round((row * height) / this.#down)
    const w = Math.max(1, Math.round(((column + 1) * width) / this.#across) - x - gap)
    const h = Math.max(1, Math.round(((row + 1) * height) / this.#down) - y - gap)
    canvas.globalAlpha = 1
    canvas.fillStyle = colours.rest
    canvas.fillRect(x, y, w, h)
    canvas.globalAlpha = isStale ? 0.12 : tone === 'plain' ? 0.1 + (shade / (SHADES - 1)) * 0.8 : 0.85
    canvas.fillStyle = colours[tone]
    canvas.fillRect(x, y, w, h)
    if (isStale && w > 6 * scale) {
      canvas.globalAlpha = 0.5
      canvas.strokeStyle = colours.plain
      canvas.lineWidth = scale
      canvas.beginPath()
      canvas.moveTo(x + 1, y + h - 1)
      canvas.lineTo(x + w - 1, y + 1)
      canvas.stroke()
    }
    if (frame === 0) return
    canvas.globalAlpha = Math.min(1, ((frame >> 1) * limits.heatFlashStepMs) / limits.heatFlashMs)
    canvas.strokeStyle = frame % 2 === 1 ? colours.up : colours.warn
    const line = Math.max(1, Math.round(2 * scale))
    canvas.lineWidth = line
    canvas.strokeRect(x + line / 2, y + line / 2, Math.max(1, w - line), Math.max(1, h - line))
  }
}

const tones = ['plain', 'warn', 'bad'] as const
const SHADES = 32

/** Of a number below zero, that of its distance from zero to the other side. */
function magnitude(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value))
}
