/** The JupyterHub whose API we answer. */
export const jupyterhubVersion = '6.1.1';
