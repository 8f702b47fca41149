/** When something was: by the clock, and with the day where that is another one than today. */
export function momentWord(moment: Date, now: Date): string {
  const clock = time.format(moment)
  return moment.toDateString() === now.toDateString() ? clock : `${day.format(moment)} ${clock}`
}

const time = new Intl.DateTimeFormat('es', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('es', { day: 'numeric', month: 'short' })
