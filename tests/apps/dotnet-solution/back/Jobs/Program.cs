using System;
using System.Security.Cryptography.X509Certificates;
using System.Threading;

public static class Program
{
    public static void Main(string[] args)
    {
        Console.WriteLine("done on " + Lib.Calendar.Berlin(new DateTime(2026, 3, 1)));
        if (args.Length == 2 && args[0] == "--trusts")
        {
            Console.WriteLine(Trusts(args[1]) ? "believed" : "not believed");
        }
        else if (args.Length == 1 && args[0] == "--wait")
        {
            // A worker: it works until it is told to stop.
            AppDomain.CurrentDomain.ProcessExit += (sender, e) => Environment.ExitCode = 0;
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static bool Trusts(string certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(new X509Certificate2(certificate));
    }
}
