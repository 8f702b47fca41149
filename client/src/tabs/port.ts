/** What a tab says to the worker, on a port for each of its sockets. */
export type ToWorker =
  | {
      readonly type: 'open'
      /** What both sides speak here; a worker of another version of the page may still run. */
      readonly version: number
      readonly url: string
      readonly subprotocol: string
      /** A Web Lock that the tab holds for as long as it lives. */
      readonly lock: string
    }
  | { readonly type: 'send'; readonly message: SocketMessage }
  | { readonly type: 'close'; readonly code: number }

/** What the worker says to a tab. */
export type ToTab =
  /** It runs, and speaks this version. */
  | {
      readonly type: 'ready'
      readonly version: number
      /** A Web Lock that the worker holds for as long as it lives. */
      readonly lock: string
    }
  | { readonly type: 'opened'; readonly subprotocol: string }
  | { readonly type: 'message'; readonly message: SocketMessage }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }

/** A message of a WebSocket. */
export type SocketMessage = string | Uint8Array<ArrayBuffer>

export const PORT_VERSION = 1
