/** Buttons for zooming; their titles describe the pointer and the keys. */

interface ZoomToolsProps {
  zoomed: boolean;
  able: boolean;
  /** 1 in, -1 out. */
  zoom: (direction: number) => void;
  fit: () => void;
}

export function ZoomTools({ zoomed, able, zoom, fit }: ZoomToolsProps) {
  return (
    <fieldset class="buttons zoom-tools" aria-label="Zoom">
      <button
        class="button small icon"
        type="button"
        aria-label="Zoom out"
        aria-disabled={!zoomed || !able}
        title="Zoom out (−, or Ctrl + wheel)"
        onClick={() => zoom(-1)}
      >
        −
      </button>
      <button
        class="button small"
        type="button"
        aria-disabled={!zoomed || !able}
        title="Show the whole tensor (0)"
        onClick={fit}
      >
        Fit
      </button>
      <button
        class="button small icon"
        type="button"
        aria-label="Zoom in"
        aria-disabled={!able}
        title="Zoom in (+, or Ctrl + wheel). Drag to move; Shift + drag to zoom to a part."
        onClick={() => zoom(1)}
      >
        +
      </button>
    </fieldset>
  );
}
