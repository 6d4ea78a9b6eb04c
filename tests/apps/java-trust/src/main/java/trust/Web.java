package trust;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** Asks a server with a private certificate, and says whether it is believed; with an argument at once, as in a build. */
public class Web {
    public static void main(String[] args) throws Exception {
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(identity()));
        ExecutorService executor = Executors.newCachedThreadPool();
        secure.setExecutor(executor);
        answer(secure, "hello");
        URI address = URI.create("https://localhost:" + secure.getAddress().getPort() + "/");
        if (args.length > 0) {
            System.out.println("the build says: " + ask(address));
            secure.stop(0);
            executor.shutdown();
            return;
        }
        HttpServer web = HttpServer.create(new InetSocketAddress(8080), 0);
        answer(web, ask(address));
    }

    static String ask(URI address) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(address).build();
        try {
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            return "believed";
        } catch (SSLException error) {
            return "not believed";
        }
    }

    static void answer(HttpServer server, String text) {
        server.createContext("/", exchange -> {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    static SSLContext identity() throws Exception {
        Certificate certificate;
        try (InputStream file = Web.class.getResourceAsStream("/server.crt")) {
            certificate = CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
        byte[] key;
        try (InputStream file = Web.class.getResourceAsStream("/server.key")) {
            String pem = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            key = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
        }
        char[] password = new char[0];
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "server",
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key)),
                password,
                new Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
