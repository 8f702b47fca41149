/** Notifications of the browser; where it has none, nothing is told. */
export const notices = {
  /** Asks the person; whether they may be shown. */
  async request(): Promise<boolean> {
    return 'Notification' in globalThis && (await Notification.requestPermission()) === 'granted'
  },

  /** One of the same tag takes the place of the one before, of other tabs too. */
  show(title: string, body: string, tag: string, onclick: () => void): void {
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    try {
      new Notification(title, { body, tag }).onclick = onclick
    } catch {
      // Browsers of phones show those of service workers alone.
    }
  },
} as const
