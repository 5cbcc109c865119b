/** A button with a cross, which closes the part that it is in. */

import { Icon } from "./Icon";

interface CloseProps {
  label: string;
  title?: string;
  close: () => void;
}

export function CloseButton({ label, title = label, close }: CloseProps) {
  return (
    <button
      class="button quiet icon close"
      type="button"
      title={title}
      aria-label={label}
      onClick={close}
    >
      <Icon name="close" />
    </button>
  );
}
