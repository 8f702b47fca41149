import { limits } from '../limits.ts'

/** Sounds for an urgent alert, in one of the tabs of this browser that want to at the same time. */
export function soundAlarm(): void {
  // Without TLS, and not on this machine, tabs know nothing of each other.
  if (navigator.locks === undefined) {
    playAlarm()
    return
  }
  void navigator.locks.request('weir.alarm', { ifAvailable: true }, async (turn) => {
    if (turn === null) return
    playAlarm()
    await new Promise((resolve) => setTimeout(resolve, limits.soundTurnMs))
  })
}

/** Whether the browser lets the page sound: only after a click or a key in it. */
export function maySound(): boolean {
  return navigator.userActivation?.hasBeenActive !== false
}

/** Two short tones; nothing to load. */
export function playAlarm(): void {
  const audio = new AudioContext()
  for (const [at, pitch] of [
    [0, 880],
    [0.18, 660],
  ] as const) {
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0.12, audio.currentTime + at)
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.16)
    tone.connect(volume).connect(audio.destination)
    tone.start(audio.currentTime + at)
    tone.stop(audio.currentTime + at + 0.17)
  }
  setTimeout(() => void audio.close(), 600)
}
