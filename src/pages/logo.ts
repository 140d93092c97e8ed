/** Our mark: a gate, with a task's ring in it. Also the favicon. */
export const logoSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" role="img" aria-label="Cylc Gateway">
<rect width="32" height="32" rx="8" fill="#0f5f66"/>
<path d="M7 26V15a9 9 0 0 1 18 0v11" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>
<circle cx="16" cy="17" r="4.2" fill="none" stroke="#7fe3d0" stroke-width="2.4"/>
<path d="M16 21.200v4.800" stroke="#7fe3d0" stroke-width="2.400" stroke-linecap="round"/>
</svg>
`;
