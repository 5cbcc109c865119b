/** The form that re-initializes a slot or all below a module. */

import type { Store } from "../store/store";

export interface InitializeFormProps {
  store: Store;
  path: readonly string[];
}

export function InitializeForm({ path }: InitializeFormProps) {
  return <div>{path.join(".")}</div>;
}
