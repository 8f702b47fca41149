import { Option } from '@commander-js/extra-typings'

// The options of every command that talks to a mesh.

export const urlOption: Option<'--url <url>'> = new Option(
  '--url <url>',
  'Address of a mesh behind one host, with any path before it (or WEIR_URL); without it, the "weir up" of this folder or one above',
)

export const tokenOption: Option<'--token <jwt>'> = new Option(
  '--token <jwt>',
  'Token (or WEIR_TOKEN); without it one is made, where "weir up" has left its secret',
)
