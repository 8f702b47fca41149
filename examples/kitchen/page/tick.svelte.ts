/** The time, once a second, for timers. */
export class Tick {
  now = $state(Date.now())

  constructor() {
    $effect(() => {
      const timer = setInterval(() => {
        this.now = Date.now()
      }, 1_000)
      return () => clearInterval(timer)
    })
  }
}
