module kubeflow-auth-gateway/test/neighbours/pins/dex-2.45.1

go 1.25.0

require github.com/dexidp/dex v0.0.0-20260303133905-11d2eeb52b42
