# nginx's includes, in a folder beside nginx.conf; each version of itn brings its own. The site that uses them is the administrator's.
nginxitndir = $(sysconfdir)/nginx/itn
dist_nginxitn_DATA = \
	nginx/docs.conf \
	nginx/document.conf \
	nginx/fastcgi.conf \
	nginx/http.conf \
	nginx/plain.conf \
	nginx/problem.conf \
	nginx/problems.conf \
	nginx/server.conf \
	nginx/tls.conf \
	nginx/upstream.conf
EXTRA_DIST += nginx/runner.conf.in nginx/site.conf.in
