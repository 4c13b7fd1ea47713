module kubeflow-auth-gateway/test/neighbours/pins/oauth2-proxy-7.15.2

go 1.25.0

require github.com/oauth2-proxy/oauth2-proxy/v7 v7.15.2
