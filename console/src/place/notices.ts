import { limits } from '../limits.ts'

/** What a notification says, and which moment of what it is about. */
export interface Notice {
  readonly title: string
  readonly body: string
  /** One of the same tag takes the place of the one before, of other tabs too. */
  readonly tag: string
  /** A notice of the same tag and moment is shown once by all tabs of this browser. */
  readonly moment: number
  readonly onclick: () => void
}

/** Notifications of the browser; where it has none, nothing is told. */
export const notices = {
  /** Asks the person; whether they may be shown. */
  async request(): Promise<boolean> {
    return 'Notification' in globalThis && (await Notification.requestPermission()) === 'granted'
  },

  /** Shows it unless a tab did already, or the person looks at one that would. */
  show(notice: Notice): void {
    const claim = (): void => {
      if (isNew(notice) && document.hidden) display(notice)
    }
    // Without TLS, and not on this machine, tabs cannot wait for each other.
    if (navigator.locks === undefined) claim()
    else void navigator.locks.request('weir.notices', claim)
  },
} as const

function display({ title, body, tag, onclick }: Notice): void {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
  try {
    const shown = new Notification(title, { body, tag })
    shown.onclick = () => {
      shown.close()
      onclick()
    }
  } catch {
    // Browsers of phones show those of service workers alone.
  }
}

const key = 'weir.notices'

/** Whether no tab knows it; from then on all do. */
function isNew({ tag, moment }: Notice): boolean {
  const name = `${moment} ${tag}`
  const known = (localStorage.getItem(key) ?? '').split('\n')
  if (known.includes(name)) return false
  localStorage.setItem(key, [name, ...known].slice(0, limits.noticesKnownMax).join('\n'))
  return true
}
