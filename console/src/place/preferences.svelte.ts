/** What a person chose for this browser, beside the colours: how urgent alerts are told. */
export class Preferences {
  #sound = $state(stored('weir.sound'))
  #notify = $state(stored('weir.notify'))

  get sound(): boolean {
    return this.#sound
  }

  set sound(on: boolean) {
    this.#sound = on
    keep('weir.sound', on)
  }

  get notify(): boolean {
    return this.#notify
  }

  set notify(on: boolean) {
    this.#notify = on
    keep('weir.notify', on)
  }
}

function stored(key: string): boolean {
  return localStorage.getItem(key) === 'on'
}

function keep(key: string, on: boolean): void {
  if (on) localStorage.setItem(key, 'on')
  else localStorage.removeItem(key)
}
