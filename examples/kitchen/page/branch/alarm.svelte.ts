import type { Priority } from '../../src/thing.ts'

/** How a priority sounds: tones one after the other, and how long until they come again. */
const patterns: Readonly<Record<Priority, { readonly hertz: readonly number[]; readonly everyMs: number }>> = {
  normal: { hertz: [660], everyMs: 6_000 },
  alta: { hertz: [660, 880], everyMs: 3_000 },
  urgente: { hertz: [988, 784, 988, 784], everyMs: 1_200 },
}

const toneSeconds = 0.22

/** Sounds while an alert is not read. Browsers let it sound only after a person's touch. */
export class Alarm {
  /** Undefined while nothing is to sound. */
  priority: Priority | undefined = $state()
  /** Whether the browser lets it sound. */
  isAllowed = $state(false)
  /** How often a pattern has sounded. */
  rings = $state(0)
  #audio: AudioContext | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  /** To be called where a person has touched something. */
  async allow(): Promise<void> {
    if (this.isAllowed) return
    this.#audio ??= this.#newAudio()
    await this.#audio.resume()
    this.#ring()
  }

  set(priority: Priority | undefined): void {
    if (priority === this.priority) return
    this.priority = priority
    clearInterval(this.#timer)
    if (priority === undefined) return
    this.#ring()
    this.#timer = setInterval(() => this.#ring(), patterns[priority].everyMs)
  }

  /** A phone that is locked, or a call, takes the sound away again. */
  #newAudio(): AudioContext {
    const audio = new AudioContext()
    audio.onstatechange = () => {
      this.isAllowed = audio.state === 'running'
    }
    return audio
  }

  #ring(): void {
    if (this.priority === undefined || this.#audio?.state !== 'running') return
    this.rings++
    const audio = this.#audio
    for (const [at, hertz] of patterns[this.priority].hertz.entries()) {
      const begin = audio.currentTime + at * toneSeconds
      const tone = audio.createOscillator()
      const volume = audio.createGain()
      tone.frequency.value = hertz
      // Without a click at the begin and the end.
      volume.gain.setValueAtTime(0, begin)
      volume.gain.linearRampToValueAtTime(0.25, begin + 0.02)
      volume.gain.linearRampToValueAtTime(0, begin + toneSeconds - 0.02)
      tone.connect(volume).connect(audio.destination)
      tone.start(begin)
      tone.stop(begin + toneSeconds)
    }
  }
}
