/** A line that tells something until it is dismissed. */

import type { ComponentChildren } from "preact";
import { CloseButton } from "../style/CloseButton";

interface NoticeProps {
  class: string;
  role: "alert" | "status";
  dismiss: () => void;
  children: ComponentChildren;
}

export function Notice({ class: sort, role, dismiss, children }: NoticeProps) {
  return (
    <div class={`notice ${sort}`} role={role}>
      {children}
      <CloseButton label="Dismiss" close={dismiss} />
    </div>
  );
}
