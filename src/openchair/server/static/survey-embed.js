// One tag puts a survey into a page, where the tag stands: <script src=".../survey/embed.js" data-survey="nps"></script>
// data-language: its language. data-invitation: the token of an invitation, by which the customer is known; without one
// the answer is nobody's. data-title: what screen readers call the frame. The frame is as high as what it shows.
(() => {
  const tag = document.currentScript, { survey, language, invitation, title } = tag.dataset;
  const address = new URL(`frame/${encodeURIComponent(survey)}`, tag.src), frame = document.createElement("iframe");
  for (const [name, value] of Object.entries({ language, invitation })) if (value) address.searchParams.set(name, value);
  frame.title = title || "Survey";
  frame.style.cssText = "display:block;border:0;inline-size:100%;max-inline-size:40rem;block-size:32rem";
  addEventListener("message", ({ source, origin, data }) => {
    if (source === frame.contentWindow && origin === address.origin && data?.openchair === "height" && data.height > 0) {
      frame.style.blockSize = `${Math.min(data.height, 5000)}px`;
    }
  });
  frame.src = address;
  tag.after(frame);
})();
