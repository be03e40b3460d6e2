# Build: docker build -t slant .    Run: docker run -p 8000:8000 slant
FROM python:3.12-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/slant UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --extra service --no-install-project
COPY model model
COPY service service
RUN uv sync --frozen --no-dev --extra service --no-editable

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home slant
COPY --from=build /opt/slant /opt/slant
ENV PATH=/opt/slant/bin:$PATH SLANT_HOST=0.0.0.0 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["slant", "serve"]
