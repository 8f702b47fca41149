import { isSet, type Kept, keep, type Link, readKept } from './kept.ts'

// The popup: what the person sets, and how the extension does. It shows what the worker has kept,
// and follows it.

const linkWords: Readonly<Record<Link | 'unset', string>> = {
  unset: 'Not set up yet',
  idle: 'No room is open',
  connected: 'Connected',
  offline: 'Offline; reports wait here',
  busy: 'Asked to wait; reports wait here',
  refused: 'Refused by the server',
}
/** A page of a room is read every five seconds; without a reading for so long none is open. */
const READ_LATE_MS = 15_000

const form = document.querySelector<HTMLFormElement>('#settings')
let kept = await readKept()
for (const name of ['room', 'server', 'token'] as const) {
  const input = form?.elements.namedItem(name)
  if (input instanceof HTMLInputElement) input.value = kept[name]
}
show()
setInterval(show, 1_000)
chrome.storage.onChanged.addListener(async () => {
  kept = await readKept()
  show()
})

form?.addEventListener('submit', (event) => {
  event.preventDefault()
  const said = new FormData(form)
  const text = (name: string): string => String(said.get(name) ?? '').trim()
  void save(text('room'), text('server'), text('token'))
})

async function save(room: string, server: string, token: string): Promise<void> {
  await keep({ room, server, token })
  saySaved()
  // A server elsewhere is one that the browser asks the person about.
  const { protocol, hostname } = new URL(server)
  await chrome.permissions.request({ origins: [`${protocol}//${hostname}/*`] }).catch(() => undefined)
  await chrome.runtime.sendMessage({ flush: true }).catch(() => undefined)
}

/** The button says for a moment that it was heard. */
function saySaved(): void {
  put('#save', 'Saved')
  setTimeout(() => put('#save', 'Save'), 1_500)
}

function show(): void {
  const { queue, status } = kept
  const link = linkOf(kept)
  put('#link', linkWords[link])
  document.querySelector('#status')?.setAttribute('data-link', link)
  put('#reason', status.reason)
  document.querySelector('#reason')?.toggleAttribute('hidden', status.reason === '')
  put('#waiting', String(queue.length))
  put('#sent', status.sentMs === 0 ? 'never' : new Date(status.sentMs).toLocaleTimeString())
  put('#lost', String(status.lost))
}

function linkOf(now: Kept): Link | 'unset' {
  if (!isSet(now)) return 'unset'
  const isRead = Date.now() - now.status.readMs < READ_LATE_MS
  return isRead || now.queue.length > 0 ? now.status.link : 'idle'
}

function put(selector: string, text: string): void {
  const place = document.querySelector(selector)
  if (place !== null && place.textContent !== text) place.textContent = text
}
